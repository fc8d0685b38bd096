import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import type { Remote } from "../../../rpc/remote.ts";
import { withCtx } from "../../../testing/ctx.ts";
import { createTestAuthority } from "../../../testing/certificates/certificates.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { ConnectError, HandshakeError } from "../../../transports/errors.ts";
import type { TlsOptions } from "../../../transports/tls/options.ts";
import { Container } from "../../container.ts";
import type { ContainerOptions } from "../../container_options.ts";
import { SpawnError } from "../../errors.ts";
import { Member } from "../../fixtures/spawned_club.ts";
import { fixture, KINDS, spawnIn } from "../../fixtures/spawning.ts";
import type { SpawnOptions } from "../contract.ts";
import type { SpawnedContainer } from "../spawned_container.ts";

const options = { transports: ["tls"], timeoutMs: 60_000 } as const;

const modules = { spawned_club: fixture("spawned_club.ts") };

/** The text that must not be visible: a line of the key. */
function secretOf({ key }: TlsOptions): string {
  return String(key).split("\n")[1]!;
}

function member(spawned: SpawnedContainer): Promise<Remote<Member>> {
  return spawned.spawn<Member>("spawned_club:Member");
}

async function makeFolder(ctx: Ctx): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "spawn-tls-" });
  ctx.use({
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  });
  return folder;
}

async function unixAddress(ctx: Ctx): Promise<string> {
  return `ipc://[${await makeFolder(ctx)}/socket]`;
}

for (const kind of KINDS) {
  /** Spawns, and returns the error. Nothing is left behind. */
  const failure = async (
    ctx: Ctx,
    parentOptions: ContainerOptions,
    more: Partial<SpawnOptions>,
  ): Promise<{ error: SpawnError; lines: string[] }> => {
    const parent = await ctx.createContainer(parentOptions);
    const lines: string[] = [];
    const error = await assertRejects(
      () =>
        spawnIn(ctx, parent, kind, {
          modules,
          onLog: (line) => lines.push(line),
          ...more,
        }),
      SpawnError,
    );
    assertEquals(parent.stats().connections, 0);
    return { error, lines };
  };

  withCtx({
    ...options,
    name: `a ${kind} has the certificate of its parent, both ways`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const here = await parent.spawn(Member);
    const spawned = await spawnIn(ctx, parent, kind, { modules });
    const there = await member(spawned);
    assertEquals((await there.whoAmI()).peerName, "ctx");
    assertEquals((await there.ask(here)).peerName, "ctx");
    assertEquals((await there.askAt(here.address)).peerName, "ctx");
    // A peer without a certificate is refused.
    const { caCerts } = ctx.options.tls!;
    const stranger = await ctx.createContainer({
      tls: {
        ...await (await createTestAuthority()).issue(),
        caCerts,
      },
    });
    const error = await assertRejects(
      () => stranger.connect(`${spawned.address}/0`),
      ConnectError,
    );
    assertInstanceOf(error.cause, HandshakeError);
    assertEquals(error.cause.code, "untrusted");
  });

  withCtx({
    ...options,
    name: `a ${kind} has a certificate of its own where it is given one`,
  }, async (ctx) => {
    const own = {
      ...ctx.options.tls,
      ...await ctx.authority.issue({ name: "worker" }),
    };
    const parent = await ctx.createContainer();
    const here = await parent.spawn(Member);
    const spawned = await spawnIn(ctx, parent, kind, { modules, tls: own });
    const there = await member(spawned);
    assertEquals((await there.whoAmI()).peerName, "ctx");
    assertEquals((await there.askAt(here.address)).peerName, "worker");
  });

  withCtx({
    ...options,
    name: `a ${kind} takes up the renewed certificate of its parent`,
  }, async (ctx) => {
    const issue = async (name: string) => ({
      ...ctx.options.tls,
      ...await ctx.authority.issue({ name }),
    });
    const parent = await ctx.createContainer();
    const more = {
      modules,
      ...(kind === "process" && { permissions: { net: true } }),
    };
    const like = await spawnIn(ctx, parent, kind, more);
    const unlike = await spawnIn(ctx, parent, kind, {
      ...more,
      tls: await issue("own"),
    });
    const agents = [await member(like), await member(unlike)];
    const peerNames = async () => {
      const other = await ctx.createContainer();
      const { address } = await other.spawn(Member);
      return await Promise.all(
        agents.map(async (it) => (await it.askAt(address)).peerName),
      );
    };
    assertEquals(await peerNames(), ["ctx", "own"]);
    await parent.renewCertificate(await issue("renewed"));
    assertEquals(await peerNames(), ["renewed", "own"]);
    await unlike.renewCertificate(await issue("own 2"));
    assertEquals(await peerNames(), ["renewed", "own 2"]);
    await assertRejects(
      () => unlike.renewCertificate({ key: ctx.options.tls!.key }),
      TypeError,
      "does not belong to",
    );
    // A container that is spawned later has the certificate, too.
    const late = await spawnIn(ctx, parent, kind, more);
    agents[1] = await member(late);
    assertEquals(await peerNames(), ["renewed", "renewed"]);
  });

  withCtx({
    ...options,
    name: `a ${kind} at a Unix socket goes without TLS where it is given none`,
  }, async (ctx) => {
    const reported = Promise.withResolvers<unknown>();
    const parent = await ctx.createContainer({ onError: reported.resolve });
    const here = await parent.spawn(Member);
    const address = await unixAddress(ctx);
    const bare = await spawnIn(ctx, parent, kind, {
      modules,
      address,
      tls: null,
    });
    const there = await member(bare);
    assertEquals((await there.whoAmI()).peerName, null);
    await assertRejects(() => there.askAt(here.address), Error, "TLS");
    assertInstanceOf(await reported.promise, HandshakeError);
  });

  withCtx({
    ...options,
    name: `a ${kind} at a Unix socket reaches others by the certificate`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const here = await parent.spawn(Member);
    const address = await unixAddress(ctx);
    const spawned = await spawnIn(ctx, parent, kind, { modules, address });
    const there = await member(spawned);
    assertEquals((await there.whoAmI()).peerName, null);
    assertEquals((await there.askAt(here.address)).peerName, "ctx");
  });

  withCtx({
    ...options,
    name: `files of TLS are read for a ${kind}, which may not read them`,
  }, async (ctx) => {
    const folder = await makeFolder(ctx);
    const { cert, key, caCerts } = ctx.options.tls!;
    const write = async (name: string, text: unknown) => {
      await Deno.writeTextFile(`${folder}/${name}`, String(text));
      return `${folder}/${name}`;
    };
    const tls = {
      cert: await write("cert.pem", cert),
      key: new URL(`file://${await write("key.pem", key)}`),
      caCerts: [
        await write("ca.pem", caCerts),
        await write("many.pem", String(caCerts).repeat(20)),
      ],
    };
    const parent = await ctx.createContainer({ tls });
    const spawned = await spawnIn(ctx, parent, kind, { modules });
    assertEquals((await (await member(spawned)).whoAmI()).peerName, "ctx");
  });

  withCtx({
    ...options,
    name: `a ${kind} whose certificate its parent does not trust is given up`,
  }, async (ctx) => {
    const other = await createTestAuthority();
    const { caCerts } = ctx.options.tls!;
    const tls = { ...await other.issue(), caCerts };
    const { error } = await failure(ctx, {}, { tls });
    assertInstanceOf(error.cause, ConnectError);
    assertInstanceOf(error.cause.cause, HandshakeError);
    const { code, by } = error.cause.cause;
    assertEquals([code, by], ["untrusted", "local"]);
  });

  withCtx({
    ...options,
    name: `a ${kind} that does not trust its parent is given up, and says so`,
  }, async (ctx) => {
    const other = await createTestAuthority();
    const tls = { ...ctx.options.tls, caCerts: other.caCert };
    const { error, lines } = await failure(ctx, {}, { tls });
    assertInstanceOf(error.cause, ConnectError);
    assertInstanceOf(error.cause.cause, HandshakeError);
    const { code, by } = error.cause.cause;
    assertEquals([code, by], ["untrusted", "peer"]);
    const told = [error.message, ...error.stderr, ...lines].join("\n");
    assertEquals(told.includes(secretOf(ctx.options.tls!)), false);
  });

  withCtx({
    ...options,
    name:
      `a ${kind} whose parent has a certificate for another host is given up`,
  }, async (ctx) => {
    const issued = await ctx.authority.issue({ hosts: ["market.example"] });
    const tls = { ...ctx.options.tls, ...issued };
    const { error } = await failure(ctx, { tls }, {});
    assertInstanceOf(error.cause, ConnectError);
    assertInstanceOf(error.cause.cause, HandshakeError);
    assertEquals(error.cause.cause.code, "wrong-host");
    // Unless all containers are known by that name.
    const named = { ...tls, serverName: "market.example" };
    const parent = await ctx.createContainer({ tls: named });
    const spawned = await spawnIn(ctx, parent, kind, { modules });
    assertEquals((await (await member(spawned)).whoAmI()).peerName, "test");
  });

  withCtx({
    ...options,
    name: `a ${kind} without a certificate cannot listen, and says so`,
  }, async (ctx) => {
    const { caCerts } = ctx.options.tls!;
    const { error } = await failure(ctx, {}, { tls: { caCerts } });
    assertEquals(error.remoteName, "TypeError");
  });

  withCtx({
    ...options,
    name: `spawnContainer refuses TLS for a ${kind} that cannot be had`,
  }, async (ctx) => {
    const { tls } = ctx.options;
    const { key } = await ctx.authority.issue();
    const parent = await ctx.createContainer();
    const plain = ctx.use(
      await Container.create("tcp://127.0.0.1:0", {
        ...ctx.options,
        tls: undefined,
      }),
    );
    for (
      const [wrong, from, given] of [
        ["without TLS", parent, null],
        ["with TLS", plain, tls!],
        ["'cert' without 'key'", parent, { ...tls, key: undefined }],
        ["does not belong", parent, { ...tls, key }],
        ["no file 'none.pem'", parent, { ...tls, key: "none.pem" }],
      ] as const
    ) {
      await assertRejects(
        () => spawnIn(ctx, from, kind, { modules, tls: given }),
        TypeError,
        wrong,
      );
    }
  });
}

/**
 * The parts of a process that other users or programs of the machine can see.
 */
async function seenOf(pid: number): Promise<string> {
  const read = (file: string) => Deno.readTextFile(`/proc/${pid}/${file}`);
  return `${await read("cmdline")}\n${await read("environ")}`;
}

// Only Linux has these files.
const withProc = Deno.build.os === "linux" ? withCtx : withCtx.ignore;

withProc({
  ...options,
  name: "the key of a process is in no argument and no environment variable",
}, async (ctx) => {
  const credentials = "a secret word";
  const parent = await ctx.createContainer({ credentials });
  const spawned = await spawnIn(ctx, parent, "process", { modules });
  const seen = await seenOf(spawned.pid!);
  for (const word of [secretOf(ctx.options.tls!), credentials]) {
    for (const form of [word, btoa(word), encodeURIComponent(word)]) {
      assertEquals(seen.includes(form), false);
    }
  }
  assertEquals(seen.includes("spawned_club.ts"), true);
});
