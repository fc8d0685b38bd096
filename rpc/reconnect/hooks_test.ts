import { assert, assertEquals, assertRejects } from "@std/assert";
import { AuthenticationError } from "../errors.ts";
import { startServer } from "../deno.ts";
import { service } from "../service/service.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { captureStderr } from "../../testing/fixtures/capture_stderr.ts";
import { MISBEHAVING } from "../../testing/fixtures/misbehaving.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { ConnectError } from "../../transports/errors.ts";
import type { ReconnectOptions } from "./client.ts";
import { openReconnecting } from "./deno.ts";

const one = service({ one: () => 1 });

const quick = { backoff: { initialMs: 1, maxMs: 2 } };

// deno-lint-ignore no-explicit-any -- what the types forbid, JavaScript does
type Hook = any;

/** Returns a client that has lost its first connection and has reconnected. */
async function reconnected(ctx: Ctx, options: ReconnectOptions<typeof one>) {
  const server = ctx.use(await startServer(ctx.address, one, ctx.options));
  const client = ctx.use(
    await openReconnecting<typeof one>(server.address, {
      ...ctx.options,
      ...quick,
      ...options,
    }),
  );
  const cut = async () => {
    for (const { channel } of server.clients) {
      await channel.close({ graceMs: 0 });
    }
  };
  await cut();
  while (client.stats().connections < 2) await nextTurn();
  return { client, cut };
}

for (const { name, run, fails } of MISBEHAVING) {
  withCtx(`ReconnectOptions.onStateChange that ${name}`, async (ctx) => {
    let reports = 0;
    const { client } = await reconnected(ctx, {
      onStateChange: run as Hook,
      onError: () => reports++,
    });
    assertEquals(await client.remote.one(), 1);
    assertEquals(client.state, "connected");
    await client.close();
    await nextTurn();
    // One report for each of reconnecting, connected, closed.
    assertEquals(reports, fails ? 3 : 0);
  });

  withCtx(`ReconnectOptions.onError that ${name}`, async (ctx) => {
    using printed = captureStderr();
    const { client } = await reconnected(ctx, {
      onStateChange: () => {
        throw new Error("state");
      },
      onError: run as Hook,
    });
    assertEquals(await client.remote.one(), 1);
    await client.close();
    await nextTurn();
    assertEquals(printed.lines.length > 0, fails);
  });

  withCtx(`ReconnectOptions.onConnect that ${name}`, async (ctx) => {
    const isEndless = name === "never settles";
    let runs = 0;
    let reports = 0;
    const { client, cut } = await reconnected(ctx, {
      onConnect: (() => ++runs === 2 ? run() : undefined) as Hook,
      onError: () => reports++,
    });
    // An `onConnect` that never ends is abandoned with its connection.
    if (isEndless) await cut();
    assertEquals(await client.remote.one(), 1);
    assertEquals(runs, fails || isEndless ? 3 : 2);
    assertEquals(reports, fails || isEndless ? 1 : 0);
  });

  withCtx(`ReconnectOptions.credentials that ${name}`, async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        authenticate: () => true,
        // Ends the connection whose `credentials` function never ends.
        authenticateMs: 200,
      }),
    );
    let asked = 0;
    let reports = 0;
    const client = ctx.use(
      await openReconnecting<typeof one>(server.address, {
        ...ctx.options,
        ...quick,
        credentials: () => ++asked === 2 ? run() : Promise.resolve("token"),
        onError: (_error, { kind }) => {
          if (kind === "handler") reports++;
        },
      }),
    );
    for (const { channel } of server.clients) await channel.close();
    while (client.state === "connected") await nextTurn();
    assertEquals(await client.remote.one(), 1);
    assertEquals(reports, fails ? 1 : 0);
    assertEquals(asked, fails || name === "never settles" ? 3 : 2);
  });

  withCtx(`openReconnecting whose onConnect ${name}`, async (ctx) => {
    const server = ctx.use(await startServer(ctx.address, one, ctx.options));
    const giveUp = new AbortController();
    const opening = openReconnecting(server.address, {
      ...ctx.options,
      signal: giveUp.signal,
      onConnect: run as Hook,
    });
    if (name === "never settles") {
      while (server.clients.size === 0) await nextTurn();
      giveUp.abort();
      await assertRejects(() => opening, DOMException);
    } else if (fails) {
      const outcome = await opening.then(() => "open", () => "rejected");
      assertEquals(outcome, "rejected");
    } else {
      await (await opening).close();
    }
    while (server.clients.size > 0) await nextTurn();
  });
}

withCtx(
  "ReconnectingClient asks its own credentials again where they failed",
  async (ctx) => {
    const seen: unknown[] = [];
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        authenticate: (credentials) => seen.push(credentials),
      }),
    );
    const failure = new Error("the file is being replaced");
    const reports: unknown[] = [];
    let asked = 0;
    const client = ctx.use(
      await openReconnecting<typeof one>(server.address, {
        ...ctx.options,
        ...quick,
        credentials: () => {
          if (++asked === 2) throw failure;
          return `token ${asked}`;
        },
        onError: (error) => reports.push(error),
      }),
    );
    for (const { channel } of server.clients) await channel.close();
    while (seen.length < 2) await nextTurn();
    assertEquals(await client.remote.one(), 1);
    assertEquals(seen, ["token 1", "token 3"]);
    assertEquals(reports, [failure]);
  },
);

withCtx(
  "openReconnecting rejects with the error of its own credentials",
  async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        authenticate: () => true,
      }),
    );
    const failure = new Error("no such file");
    const opening = openReconnecting(server.address, {
      ...ctx.options,
      credentials: () => {
        throw failure;
      },
    });
    assertEquals(await opening.catch((error) => error), failure);
  },
);

withCtx(
  "ReconnectingClient closes where its credentials are refused",
  async (ctx) => {
    let shown = 0;
    const server = ctx.use(
      await startServer(ctx.address, one, {
        ...ctx.options,
        authenticate: () => {
          if (++shown === 2) throw new AuthenticationError("expired");
          return true;
        },
      }),
    );
    const client = ctx.use(
      await openReconnecting(server.address, {
        ...ctx.options,
        ...quick,
        credentials: () => "token",
      }),
    );
    for (const { channel } of server.clients) await channel.close();
    const { error } = await client.closed;
    assert(error instanceof AuthenticationError);
  },
);

withCtx({
  name: "ReconnectingClient tries again where its credentials were not checked",
  transports: ["tcp", "unix", "memory", "tls"],
}, async (ctx) => {
  let shown = 0;
  const server = ctx.use(
    await startServer(ctx.address, one, {
      ...ctx.options,
      authenticate: () => {
        if (++shown % 3 > 0) throw new Error("the database is away");
        return true;
      },
      onError() {},
    }),
  );
  const reports: unknown[] = [];
  const client = ctx.use(
    await openReconnecting<typeof one>(server.address, {
      ...ctx.options,
      ...quick,
      retryForMs: 9_000,
      credentials: "token",
      onError: (error) => reports.push(error),
    }),
  );
  assertEquals(shown, 3);
  for (const { channel } of server.clients) await channel.close();
  while (client.state === "connected") await nextTurn();
  assertEquals(await client.remote.one(), 1);
  assertEquals(shown, 6);
  // A series of equal failures is reported once.
  assertEquals(reports.length, 2);
  for (const error of reports) {
    assert(error instanceof ConnectError);
    assert(error.cause instanceof ServerBusyError);
  }
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
