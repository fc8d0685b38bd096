import {
  assert,
  assertEquals,
  assertIsError,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { codecs } from "../../channel/fixtures/codecs.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  QueueFullError,
  TimeoutError,
} from "../../channel/errors.ts";
import { parseAddress } from "../../transports/address.ts";
import { transportOf } from "../../testing/fixtures/transport_of.ts";
import { call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { expose } from "../service/expose.ts";
import { sameRemote, withOptions } from "../options.ts";
import { startServer } from "../deno.ts";
import type { RpcServer } from "../server.ts";
import { service } from "../service/service.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Ledger } from "../../testing/ledger/_ledger.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { ConnectError } from "../../transports/errors.ts";
import { startProcess } from "../../transports/fixtures/start_process.ts";
import { observe } from "../../transports/internal.ts";
import type { Transport } from "../../transports/transport.ts";
import type {
  ReconnectingClient,
  ReconnectOptions,
  ReconnectState,
} from "./client.ts";
import { openReconnecting } from "./deno.ts";

/** Records the calls that run, and can hold them until they are lost. */
class Probe {
  ran: string[] = [];
  #held = Promise.withResolvers<void>();

  /** Resolves when a held call is running. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  @expose
  echo(value: string): string {
    this.ran.push(value);
    return value;
  }

  @expose
  async once(value: string): Promise<string> {
    return await this.#firstHeld(value);
  }

  @expose({ idempotent: true })
  async twice(value: string): Promise<string> {
    return await this.#firstHeld(value);
  }

  @expose({ idempotent: true })
  async sum(numbers: AsyncIterable<number>): Promise<number> {
    await this.#firstHeld("sum");
    return (await Array.fromAsync(numbers)).length;
  }

  @expose({ idempotent: true })
  async change(change: (value: number) => number | Promise<number>) {
    await this.#firstHeld("change");
    return await change(1);
  }

  @expose
  maker(): (value: string) => string {
    return (value) => `made ${value}`;
  }

  @expose
  async *count(): AsyncGenerator<number> {
    yield 1;
    await untilAborted(call().signal);
  }

  async #firstHeld(value: string): Promise<string> {
    const { signal } = call();
    this.ran.push(value);
    if (this.ran.filter((it) => it === value).length === 1) {
      this.#held.resolve();
      await untilAborted(signal);
    }
    return value;
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

/** A server that can stop and restart, and a client of it. */
class World {
  readonly probe = new Probe();
  client!: ReconnectingClient<Probe>;
  readonly states: ReconnectState[] = [];
  readonly reasons: (CloseReason | null)[] = [];
  #server!: RpcServer;
  #isClosing = false;
  readonly #ctx: Ctx;
  #waiters: { state: ReconnectState; resolve: () => void }[] = [];

  constructor(ctx: Ctx) {
    this.#ctx = ctx;
  }

  static async make(
    ctx: Ctx,
    options: ReconnectOptions<Probe> = {},
  ): Promise<World> {
    const world = new World(ctx);
    world.#server = ctx.use(
      await startServer(ctx.address, world.probe, ctx.options),
    );
    world.client = ctx.use(
      await openReconnecting<Probe>(world.#server.address, {
        ...ctx.options,
        backoff: { initialMs: 1, maxMs: 5 },
        transports: [world.#transport()],
        onStateChange: (state, reason) => world.#onChange(state, reason),
        ...options,
      }),
    );
    return world;
  }

  /**
   * Does not connect while the server is closing: the system might still accept
   * a connection, which would then be lost at an unpredictable time.
   */
  #transport(): Transport {
    const transport = transportOf(this.#server.address);
    return {
      scheme: transport.scheme,
      listen: (...args) => transport.listen(...args),
      connect: async (address, options) => {
        if (this.#isClosing) throw new ConnectError("Closing", { address });
        return await transport.connect(address, options);
      },
    };
  }

  #onChange(state: ReconnectState, reason: CloseReason | null): void {
    this.states.push(state);
    this.reasons.push(reason);
    const due = this.#waiters.filter((it) => it.state === state);
    this.#waiters = this.#waiters.filter((it) => it.state !== state);
    for (const { resolve } of due) resolve();
  }

  /** Resolves when the client enters `state` the next time. */
  next(state: ReconnectState): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ state, resolve });
    return promise;
  }

  /** Cuts all connections, without stopping the server. */
  async cut(): Promise<void> {
    for (const { channel } of this.#server.clients) {
      await channel.close({ graceMs: 0 });
    }
  }

  /** Stops the server at once. Resolves when the client has noticed. */
  async leave(): Promise<void> {
    const away = this.next("reconnecting");
    this.#isClosing = true;
    await this.#server.close({ graceMs: 0 });
    await away;
    this.#isClosing = false;
  }

  /** Restarts the server at the same address. */
  async comeBack(service: object = this.probe): Promise<void> {
    this.#server = this.#ctx.use(
      await startServer(this.#server.address, service, this.#ctx.options),
    );
  }
}

withCtx(
  { name: "openReconnecting calls like any other client", codecs },
  async (ctx) => {
    const { client, probe } = await World.make(ctx);
    assertEquals(client.state, "connected");
    assertEquals(await client.remote.echo("a"), "a");
    assertEquals(probe.ran, ["a"]);
    assertEquals(client.stats().connections, 1);
    assertEquals(client.stats().connection?.pendingCalls, 0);
    assertEquals(
      String(client.remote.echo),
      `Remote(echo at ${client.address})`,
    );
  },
);

withCtx("openReconnecting rejects if nobody is there at first", async (ctx) => {
  const server = await startServer(ctx.address, new Probe(), ctx.options);
  await server.close();
  await assertRejects(
    () => openReconnecting(server.address, ctx.options),
    ConnectError,
  );
});

withCtx(
  "openReconnecting waits for the first connection by retryForMs and signal",
  async (ctx) => {
    const server = await startServer(ctx.address, new Probe(), ctx.options);
    await server.close();
    const giveUp = new AbortController();
    const opening = openReconnecting(server.address, {
      ...ctx.options,
      retryForMs: Infinity,
      signal: giveUp.signal,
    });
    const reason = new Error("not any more");
    giveUp.abort(reason);
    assertStrictEquals(await assertRejects(() => opening), reason);
  },
);

withCtx({
  name: "ReconnectingClient sends calls made while away, in their order",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { client, probe } = world;
  await world.leave();
  assertEquals(client.state, "reconnecting");
  assertEquals(client.stats().connection, null);
  const calls = ["a", "b", "c"].map((it) => client.remote.echo(it));
  assertEquals(client.stats().waitingCalls, 3);
  await world.comeBack();
  assertEquals(await Promise.all(calls), ["a", "b", "c"]);
  assertEquals(probe.ran, ["a", "b", "c"]);
  assertEquals(client.stats().waitingCalls, 0);
  assertEquals(client.stats().connections, 2);
  assertEquals(world.states, ["reconnecting", "connected"]);
  assertEquals(world.reasons.map((it) => it?.by), ["peer", undefined]);
});

withCtx({
  name: "ReconnectingClient never sends again what may have run",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { client, probe } = world;
  const lost = assertRejects(
    () => client.remote.once("a"),
    ConnectionClosedError,
  );
  await probe.held;
  await world.cut();
  assert((await lost).sent);
  assertEquals(await client.remote.echo("b"), "b");
  assertEquals(probe.ran, ["a", "b"]);
});

withCtx({
  name: "ReconnectingClient sends again what the server marks as idempotent",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { client, probe } = world;
  const lost = client.remote.twice("a");
  await probe.held;
  await world.cut();
  assertEquals(await lost, "a");
  assertEquals(probe.ran, ["a", "a"]);
});

withCtx({
  name: "ReconnectingClient sends again what it was told to be idempotent",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx, { idempotent: ["once"] });
  const lost = world.client.remote.once("a");
  await world.probe.held;
  await world.cut();
  assertEquals(await lost, "a");
  assertEquals(world.probe.ran, ["a", "a"]);
});

withCtx({
  name:
    "ReconnectingClient asks the server that is there, not the one that was",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const lost = assertRejects(
    () => world.client.remote.twice("a"),
    ConnectionClosedError,
  );
  await world.probe.held;
  await world.leave();
  let ran = 0;
  await world.comeBack(service({ twice: () => void ran++ }));
  assert((await lost).sent);
  assertEquals(ran, 0);
});

withCtx({
  name: "ReconnectingClient passes functions anew, and sends no stream again",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { client, probe } = world;
  const applied = client.remote.change((value) => value + 1);
  await probe.held;
  await world.cut();
  assertEquals(await applied, 2);

  let ended = 0;
  async function* numbers() {
    try {
      yield 1;
      await Promise.resolve();
      yield 2;
    } finally {
      ended++;
    }
  }
  probe.ran = [];
  const running = world.next("reconnecting");
  const sum = assertRejects(
    () => client.remote.sum(numbers()),
    ConnectionClosedError,
  );
  while (!probe.ran.includes("sum")) await nextTurn();
  await world.cut();
  assert((await sum).sent);
  await running;
  assertEquals(probe.ran, ["sum"]);
  assert(ended <= 1);
});

withCtx(
  "ReconnectingClient fails at once while away if waitMs is 0",
  async (ctx) => {
    const world = await World.make(ctx, { queueTimeoutMs: 0 });
    const { client, probe } = world;
    const lost = assertRejects(
      () => client.remote.twice("a"),
      ConnectionClosedError,
    );
    await probe.held;
    await world.leave();
    assert((await lost).sent);
    const unsent = await assertRejects(
      () => client.remote.echo("b"),
      ConnectionClosedError,
    );
    assertEquals([unsent.sent, unsent.by], [false, "peer"]);
    const back = world.next("connected");
    await world.comeBack();
    await back;
    assertEquals(await client.remote.echo("c"), "c");
    assertEquals(probe.ran, ["a", "c"]);
  },
);

withCtx("ReconnectingClient lets calls wait for waitMs", async (ctx) => {
  const world = await World.make(ctx, { queueTimeoutMs: 20 });
  await world.leave();
  const error = await assertRejects(
    () => world.client.remote.echo("a"),
    ConnectionClosedError,
  );
  assertEquals([error.sent, error.by], [false, "peer"]);
  assertEquals(world.client.stats().waitingCalls, 0);
});

withCtx(
  "ReconnectingClient ends waiting calls by their time and their signal",
  async (ctx) => {
    const world = await World.make(ctx);
    const { remote } = world.client;
    await world.leave();
    const late = await assertRejects(
      () => withOptions(remote, { timeoutMs: 5 }).echo("a"),
      TimeoutError,
    );
    assertEquals([late.sent, late.timeoutMs], [false, 5]);

    const giveUp = new AbortController();
    const given = withOptions(remote, { signal: giveUp.signal }).echo("b");
    const reason = new Error("not any more");
    giveUp.abort(reason);
    assertStrictEquals(await assertRejects(() => given), reason);
    assertStrictEquals(
      await assertRejects(() =>
        withOptions(remote, { signal: giveUp.signal }).echo("c")
      ),
      reason,
    );
    assertEquals(world.client.stats().waitingCalls, 0);
    await world.comeBack();
    assertEquals(await remote.echo("d"), "d");
    assertEquals(world.probe.ran, ["d"]);
  },
);

withCtx(
  "ReconnectingClient gives a call that waited the rest of its time",
  async (ctx) => {
    const times: (number | undefined)[] = [];
    const world = await World.make(ctx, {
      middleware: {
        calls: [(call, next) => {
          times.push(call.options.timeoutMs);
          return next();
        }],
      },
    });
    const remote = withOptions(world.client.remote, { timeoutMs: 60_000 });
    await remote.echo("a");
    await world.leave();
    const waiting = remote.echo("b");
    await nextTurn();
    await world.comeBack();
    await waiting;
    assertEquals(times[0], 60_000);
    assert(times[1]! < 60_000 && times[1]! > 0, `${times}`);
  },
);

withCtx(
  "ReconnectingClient refuses more waiting calls than requests.maxPending",
  async (ctx) => {
    const world = await World.make(ctx, {
      limits: { requests: { maxPending: 2 } },
    });
    const { remote } = world.client;
    await world.leave();
    const waiting = assertRejects(
      () => Promise.all([remote.echo("a"), remote.echo("b")]),
      ConnectionClosedError,
    );
    const error = await assertRejects(() => remote.echo("c"), QueueFullError);
    assertEquals(error.limit, 2);
    await world.client.close();
    await waiting;
  },
);

withCtx({
  name:
    "ReconnectingClient.close ends waiting calls at once, each by its own error",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx, {
    backoff: { initialMs: 60_000, maxMs: 60_000 },
  });
  const { client, probe } = world;
  const sent = client.remote.twice("a");
  await probe.held;
  await world.leave();
  const waiting = [client.remote.echo("b"), client.remote.echo("c")];
  const settled = Promise.allSettled([sent, ...waiting]);
  await client.close();
  const errors = (await settled).map((it) =>
    it.status === "rejected" ? it.reason : null
  );
  for (const error of errors) assertIsError(error, ConnectionClosedError);
  assertEquals(errors.map((it) => it.sent), [true, false, false]);
  assertEquals(errors.map((it) => it.by), ["peer", "local", "local"]);
  assert(errors[1] !== errors[2]);
  assertEquals((await client.closed).by, "local");
  assertEquals(client.state, "closed");
  await client.close();
  const late = await assertRejects(
    () => client.remote.echo("d"),
    ConnectionClosedError,
  );
  assertEquals([late.by, late.sent], ["local", false]);
  assertEquals(world.states, ["reconnecting", "closed"]);
});

withCtx({
  name: "ReconnectingClient.close fails the calls of its connection",
  codecs,
}, async (ctx) => {
  const { client, probe } = await World.make(ctx);
  const failed = assertRejects(
    () => client.remote.twice("a"),
    ConnectionClosedError,
  );
  await probe.held;
  await client.close({ graceMs: 0 });
  const error = await failed;
  assertEquals([error.by, error.sent], ["local", true]);
});

withCtx(
  "ReconnectingClient.close may be called by onStateChange",
  async (ctx) => {
    for (const when of ["reconnecting", "connected"] as const) {
      const closing = Promise.withResolvers<void>();
      const world: World = await World.make(ctx, {
        onStateChange: (state) => {
          if (state === when) closing.resolve(world.client.close());
        },
      });
      await world.cut();
      await closing.promise;
      assertEquals(world.client.state, "closed");
    }
  },
);

withCtx({
  name: "ReconnectOptions.onConnect runs before waiting calls",
  codecs,
}, async (ctx) => {
  const order: number[] = [];
  const world = await World.make(ctx, {
    onConnect: async ({ remote }) => {
      await remote.echo("greet");
      order.push(order.length);
    },
  });
  await world.leave();
  const waiting = world.client.remote.echo("call");
  await world.comeBack();
  await waiting;
  assertEquals(order, [0, 1]);
  assertEquals(world.probe.ran, ["greet", "greet", "call"]);
});

withCtx(
  "ReconnectOptions.onConnect that throws rejects at first, is reported later",
  async (ctx) => {
    const refusal = new Error("refused");
    await assertRejects(
      () =>
        World.make(ctx, {
          onConnect: () => {
            throw refusal;
          },
        }),
      Error,
      "refused",
    );
    const reported: unknown[] = [];
    let runs = 0;
    const world = await World.make(ctx, {
      onError: (error) => void reported.push(error),
      onConnect: () => {
        if (++runs === 2) throw refusal;
      },
    });
    const back = world.next("connected");
    await world.cut();
    await back;
    assertEquals(runs, 3);
    assertEquals(reported, [refusal]);
    assertEquals(world.states, ["reconnecting", "connected"]);
  },
);

withCtx(
  "openReconnecting rejects if the connection is lost before onConnect is done",
  async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, new Probe(), ctx.options),
    );
    const hang = Promise.withResolvers<void>();
    const error = await assertRejects(
      () =>
        openReconnecting(server.address, {
          ...ctx.options,
          onConnect: async ({ channel }) => {
            void channel.close();
            await hang.promise;
          },
        }),
      ConnectError,
    );
    assertIsError(error.cause, ConnectionClosedError);
    assertEquals(error.cause.by, "local");
    hang.resolve();
  },
);

withCtx(
  "ReconnectingClient closes on an error that more attempts cannot mend",
  async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, new Probe(), ctx.options),
    );
    const transport = transportOf(server.address);
    const refusal = new Deno.errors.NotCapable("not allowed");
    let attempts = 0;
    const client = ctx.use(
      await openReconnecting<Probe>(server.address, {
        ...ctx.options,
        backoff: { initialMs: 1 },
        transports: [{
          scheme: transport.scheme,
          listen: (...args) => transport.listen(...args),
          connect: async (address, options) => {
            if (++attempts > 1) throw refusal;
            return await transport.connect(address, options);
          },
        }],
      }),
    );
    await server.close();
    const reason = await client.closed;
    assertEquals(reason.by, "error");
    assertStrictEquals(reason.error, refusal);
    const error = await assertRejects(
      () => client.remote.echo("a"),
      ConnectionClosedError,
    );
    assertStrictEquals(error.cause, refusal);
  },
);

withCtx(
  "ReconnectingClient keeps to ref and unref over its connections",
  async (ctx) => {
    const world = await World.make(ctx);
    world.client.unref();
    const back = world.next("connected");
    await world.cut();
    await back;
    assertEquals(await world.client.remote.echo("a"), "a");
    world.client.ref();
    assertEquals(await world.client.remote.echo("b"), "b");
  },
);

withCtx(
  "ReconnectOptions.onConnect that never ends is left with its connection",
  async (ctx) => {
    let runs = 0;
    const second = Promise.withResolvers<void>();
    const hang = Promise.withResolvers<void>();
    const world = await World.make(ctx, {
      onConnect: async () => {
        if (++runs !== 2) return;
        second.resolve();
        await hang.promise;
      },
    });
    const back = world.next("connected");
    await world.cut();
    await second.promise;
    assertEquals(world.client.state, "reconnecting");
    await world.cut();
    await back;
    assertEquals(runs, 3);
    hang.resolve();
    const away = world.next("reconnecting");
    runs = 1;
    await world.cut();
    await away;
    await world.client.close();
    assertEquals(world.client.state, "closed");
  },
);

withCtx(
  "ReconnectOptions.onStateChange that throws is reported, and changes nothing",
  async (ctx) => {
    const reported: unknown[] = [];
    const mistake = new Error("mistake");
    const world = await World.make(ctx, {
      onError: (error) => void reported.push(error),
      onStateChange: () => {
        throw mistake;
      },
    });
    await world.cut();
    while (world.client.stats().connections < 2) await nextTurn();
    assertEquals(await world.client.remote.echo("a"), "a");
    assertEquals(reported, [mistake, mistake]);
  },
);

withCtx({
  name: "ReconnectingClient loses references and streams with their connection",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { remote } = world.client;
  const make = await remote.maker();
  assertEquals(await make("a"), "made a");
  const items = (await remote.count())[Symbol.asyncIterator]();
  assertEquals((await items.next()).value, 1);
  const rest = assertRejects(() => items.next(), ConnectionClosedError);
  const back = world.next("connected");
  await world.cut();
  await back;
  await rest;
  await assertRejects(() => make("b"), ConnectionClosedError);
  assertEquals(await remote.echo("c"), "c");
});

withCtx({
  name: "ReconnectingClient ends a stream by the signal of its call",
  codecs,
}, async (ctx) => {
  const { client } = await World.make(ctx);
  const controller = new AbortController();
  const { signal } = controller;
  const items = await withOptions(client.remote, { signal }).count();
  assertEquals((await items.next()).value, 1);
  const pending = assertRejects(() => items.next());
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await pending, reason);
  assertStrictEquals(await assertRejects(() => items.next()), reason);
  // Pending requests of the stream are answered before this.
  await client.remote.echo("a");
  assertEquals(client.stats().connection?.pendingCalls, 0);
});

withCtx({
  name:
    "ReconnectingClient lasts over many losses, and every call settles once",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  const { client, probe } = world;
  const settled: Promise<PromiseSettledResult<string>[]>[] = [];
  for (let round = 0; round < 10; round++) {
    const back = world.next("connected");
    const values = [0, 1, 2, 3].map((it) => `${round}.${it}`);
    settled.push(
      Promise.allSettled(values.map((it) => client.remote.echo(it))),
    );
    await world.cut();
    await back;
  }
  const results = (await Promise.all(settled)).flat();
  assertEquals(results.length, 40);
  for (const result of results) {
    if (result.status === "rejected") {
      assertIsError(result.reason, ConnectionClosedError);
      assert(result.reason.sent);
    }
  }
  assertEquals(new Set(probe.ran).size, probe.ran.length);
  assertEquals(client.stats().connections, 11);
  assertEquals(client.stats().waitingCalls, 0);
});

withCtx({
  name: "ReconnectingClient sends an idempotent call as often as it is lost",
  codecs,
}, async (ctx) => {
  const world = await World.make(ctx);
  let runs = 0;
  const signals: Promise<void>[] = [];
  await world.leave();
  const waiting = world.client.remote.twice("a");
  await world.comeBack(
    new class {
      @expose({ idempotent: true })
      async twice(value: string): Promise<string> {
        if (++runs > 4) return value;
        signals.push(untilAborted(call().signal));
        void world.cut();
        await signals.at(-1);
        return value;
      }
    }(),
  );
  assertEquals(await waiting, "a");
  assertEquals(runs, 5);
  await Promise.all(signals);
});

withCtx({
  name:
    "ReconnectingClient sends again to a peer without extensions what it was told to be idempotent",
  codecs,
}, async (ctx) => {
  const seen: string[] = [];
  let connections = 0;
  const server = await ctx.startServer(async (channel) => {
    const isFirst = ++connections === 1;
    for await (const request of channel) {
      const [path] = request.content as [string];
      if (path.startsWith("$/")) {
        if (path !== "$/hello") seen.push(path);
        await request.fail(new Error("no such method"));
      } else if (isFirst) {
        seen.push(path);
        if (seen.length === 2) await channel.close({ graceMs: 0 });
      } else {
        seen.push(path);
        await request.reply(path);
      }
    }
  });
  const client = ctx.use(
    await openReconnecting<Probe>(server.address, {
      ...ctx.options,
      backoff: { initialMs: 1 },
      idempotent: ["twice"],
    }),
  );
  const once = assertRejects(
    () => client.remote.once("a"),
    ConnectionClosedError,
  );
  assertEquals(await client.remote.twice("a"), "twice");
  assert((await once).sent);
  assertEquals(seen, ["once", "twice", "twice"]);
});

withCtx({
  name: "ReconnectingClient.remote may be passed as an argument",
  codecs,
}, async (ctx) => {
  const server = ctx.use(
    await startServer(
      ctx.address,
      service({
        one: () => 1,
        ask: (other: { one(): number | Promise<number> }) => other.one(),
      }),
      ctx.options,
    ),
  );
  type Asked = {
    one(): number;
    ask(other: unknown): number;
  };
  const client = ctx.use(
    await openReconnecting<Asked>(server.address, ctx.options),
  );
  assertEquals(await client.remote.ask(client.remote), 1);
  assert(sameRemote(client.remote.one, client.remote.one));
});

Deno.test("openReconnecting types its remote as openConnection does", () => {
  type Client = Awaited<ReturnType<typeof openReconnecting<Probe>>>;
  assertType<IsExact<Client["remote"], RpcClient<Probe>["remote"]>>(true);
});

Deno.test("ReconnectingClient is one resource for the ledger", async () => {
  const address = `local://reconnect-ledger-${crypto.randomUUID()}`;
  const server = await startServer(address, new Probe());
  const ledger = new Ledger({ trace: false, isCurrent: () => true });
  const stopObserving = observe(ledger);
  try {
    const away = Promise.withResolvers<void>();
    const client = await openReconnecting<Probe>(address, {
      backoff: { initialMs: 60_000, maxMs: 60_000 },
      onStateChange: () => away.resolve(),
    });
    const isOne = (what: string) => {
      const leaks = ledger.readBeforeCleanUp().filter((leak) =>
        leak.what.startsWith("client")
      );
      assertEquals(leaks.map((leak) => leak.what), [what]);
      return leaks[0]!;
    };
    const leak = isOne(`client (of ${address}, connected)`);
    assert(leak.owned.includes("1 channel"), `${leak.owned}`);
    assertStrictEquals(leak.resource, client);
    await server.close();
    await away.promise;
    const waiting = assertRejects(
      () => client.remote.echo("a"),
      ConnectionClosedError,
    );
    assertEquals(
      isOne(`client (of ${address}, reconnecting)`).owned,
      ["2 timer"],
    );
    await client.close();
    await waiting;
    assertEquals(ledger.readAll(), []);
  } finally {
    stopObserving();
  }
});

for (
  const [options, name] of [
    [{ queueTimeoutMs: -1 }, "a negative queueTimeoutMs"],
    [{ queueTimeoutMs: NaN }, "a queueTimeoutMs that is no number"],
    [{ backoff: { initialMs: 0 } }, "a backoff.initialMs of 0"],
    [
      { backoff: { initialMs: 9, maxMs: 8 } },
      "a backoff.maxMs below the first",
    ],
  ] as const
) {
  Deno.test(`openReconnecting refuses ${name}`, async () => {
    await assertRejects(
      () => openReconnecting("local://nobody", options),
      RangeError,
    );
  });
}

interface Mortal {
  echo(value: string): string;
  hang(value: string): string;
}

withCtx({
  name: "ReconnectingClient outlives a server that is killed",
  transports: ["tcp", "unix"],
  timeoutMs: 20_000,
}, async (ctx) => {
  const script = import.meta.resolve("./fixtures/mortal_server.ts");
  await using victim = await startProcess(script, ctx.address);
  const address = victim.line;
  const client = ctx.use(
    await openReconnecting<Mortal>(address, {
      ...ctx.options,
      idempotent: ["hang"],
      backoff: { maxMs: 100 },
    }),
  );
  const hanging = client.remote.hang("a");
  assertEquals(await client.remote.echo("b"), "b");
  await victim.kill();
  await using _revived = await startProcess(script, address, "revived");
  assertEquals(await hanging, "a");
  assertEquals(await client.remote.echo("c"), "c");
  await client.close();
  const parsed = parseAddress(address);
  // A killed server cannot remove its socket file.
  if ("path" in parsed) await Deno.remove(parsed.path);
});

for (const [mode, state] of [["here", "connected"], ["away", "reconnecting"]]) {
  Deno.test(`ReconnectingClient.unref lets the process end while ${state}`, async () => {
    await using server: RpcServer = await startServer(
      "tcp://127.0.0.1:0",
      service({
        cut: () => {
          for (const { channel } of server.clients) {
            channel.close({ graceMs: 0 });
          }
        },
      }),
    );
    await using client = await startProcess(
      import.meta.resolve("./fixtures/idle_client.ts"),
      server.address,
      mode!,
    );
    assertEquals(client.line, state);
    assertEquals(await client.code, 0);
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

withCtx("stats() of a client sums up all its connections", async (ctx) => {
  const world = await World.make(ctx);
  const { client } = world;
  await client.remote.echo("a");
  const { calls } = client.stats().total;
  await world.leave();
  assertEquals(client.stats().total.calls, calls);
  await world.comeBack();
  await client.remote.echo("b");
  const { total, connection } = client.stats();
  assertEquals(total.calls, calls + connection!.calls);
});
