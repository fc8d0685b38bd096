import { assert, assertEquals, assertRejects } from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { withCtx } from "../../testing/ctx.ts";
import { ConnectError } from "../../transports/errors.ts";
import { openConnection, startServer } from "../deno.ts";
import { AuthenticationError } from "../errors.ts";
import { service } from "../service/service.ts";
import { openReconnecting } from "./deno.ts";

const one = service({ one: () => 1 });

const transports = ["tcp", "unix", "memory", "tls"] as const;

/** Both functions that connect. */
const OPENERS = [
  ["openConnection", openConnection<typeof one>],
  ["openReconnecting", openReconnecting<typeof one>],
] as const;

for (const [name, open] of OPENERS) {
  withCtx({
    name: `${name} with retryForMs survives a loss during authentication`,
    transports,
    codecs,
  }, async (ctx) => {
    let connections = 0;
    await using server = await WirePeer.listen(ctx, (peer) => {
      const isLost = ++connections < 3;
      peer.answer((content) => {
        const isHello = JSON.stringify(content).includes("hello");
        if (isLost) peer[Symbol.dispose]();
        return isHello ? { version: 1, features: ["call"] } : 1;
      });
    });
    const options = { ...ctx.options, credentials: "token", onError() {} };
    await assertRejects(() => open(server.address, options), ConnectError);
    connections = 0;
    await using client = await open(server.address, {
      ...options,
      retryForMs: 9_000,
    });
    assertEquals(await client.remote.one(), 1);
    assertEquals(connections, 3);
  });

  withCtx({
    name: `${name} with retryForMs survives credentials that fail`,
    transports,
  }, async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        authenticate: (credentials) => {
          if (credentials !== "token 3") throw new AuthenticationError("no");
          return true;
        },
      }),
    );
    let asked = 0;
    const credentials = async () => {
      await Promise.resolve();
      if (++asked < 3) throw new TypeError("the token service is away");
      return `token ${asked}`;
    };
    const options = { ...ctx.options, credentials, onError() {} };
    await assertRejects(() => open(server.address, options), TypeError);
    asked = 0;
    await using client = await open(server.address, {
      ...options,
      retryForMs: 9_000,
    });
    assertEquals(await client.remote.one(), 1);
    // Refused credentials are not retried.
    await assertRejects(
      () => open(server.address, { ...options, retryForMs: 9_000 }),
      AuthenticationError,
    );
  });

  withCtx({
    name: `${name} with retryForMs survives certificates that are replaced`,
    transports: ["tls"],
  }, async (ctx) => {
    const authority = await createTestAuthority();
    const [old, next] = [await authority.issue(), await authority.issue()];
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const caCerts = authority.caCert;
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        tls: { ...old, caCerts },
      }),
    );
    const options = {
      ...ctx.options,
      tls: { cert, key, caCerts },
      retryForMs: 9_000,
    };
    const replace = async () => {
      await using client = await open(server.address, {
        ...options,
        retryForMs: 9_000,
        onError() {},
      });
      return await client.remote.one();
    };
    try {
      const steps = [
        () => Deno.writeTextFile(cert, ""),
        () => Deno.writeTextFile(cert, old.cert),
        () => Deno.writeTextFile(key, next.key),
        () => Deno.writeTextFile(cert, next.cert),
      ];
      for (const step of steps) {
        await assertRejects(
          () => open(server.address, { ...options, retryForMs: 0 }),
          ConnectError,
        );
        await step();
      }
      await Deno.remove(cert);
      const replaced = replace();
      await Deno.writeTextFile(cert, next.cert);
      assertEquals(await replaced, 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

withCtx("openReconnecting tells of first attempts that failed", async (ctx) => {
  const first = await startServer(ctx.address, one, ctx.options);
  await first.close();
  const told: string[] = [];
  const heard = Promise.withResolvers<void>();
  const opening = openReconnecting<typeof one>(first.address, {
    ...ctx.options,
    retryForMs: 9_000,
    onError: (error, { kind }) => {
      told.push(`${kind}: ${(error as Error).message}`);
      heard.resolve();
    },
  });
  await heard.promise;
  ctx.use(await startServer(first.address, one, ctx.options));
  const client = ctx.use(await opening);
  assert(client.stats().failedAttempts > 0);
  assert(told.length === 1 && told[0]!.startsWith("connect: Cannot connect"));
  assert(!told[0]!.includes("retryForMs"));
});
