import { assert, assertEquals, assertRejects } from "@std/assert";
import { openConnection as openChannel } from "../../channel/deno.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import {
  type WireMessage,
  WirePeer,
} from "../../channel/fixtures/wire_peer.ts";
import type { Ctx, CtxOptions } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { call } from "../call.ts";
import { notify, withOptions } from "../options.ts";
import { openConnection, startServer } from "../deno.ts";
import { openReconnecting } from "../reconnect/deno.ts";
import { service } from "../service/service.ts";

/** All transports, with a text codec and a binary codec. */
const EVERYWHERE: Pick<CtxOptions, "transports" | "codecs"> = {
  transports: ["tcp", "unix", "memory", "tls"],
  codecs: [json(), msgpack()],
};

const FEATURES = ["call", "cancel", "references", "streams", "notify"];

/** Creates a service that records what it is told. */
function makeListener() {
  const heard: unknown[] = [];
  const closed: string[] = [];
  const listener = service({
    hear: (it: unknown) => void heard.push(it),
    told: () => heard.length,
    meta: () => void heard.push({ ...call().meta }),
    fail: () => {
      throw new RangeError("no");
    },
    hang: () =>
      new Promise<void>((_resolve, reject) => {
        const { signal } = call();
        heard.push("hangs");
        signal.addEventListener("abort", () => {
          heard.push("aborted");
          reject(signal.reason);
        });
      }),
    late: () => void heard.push(call().remainingMs < Infinity),
    passes: async (callback: () => Promise<string>, numbers: unknown) => {
      const got: unknown[] = [await callback()];
      for await (const it of numbers as AsyncIterable<unknown>) got.push(it);
      heard.push(got);
    },
    async *count() {
      try {
        yield 1;
      } finally {
        closed.push("stream");
      }
    },
    room: () => {
      const room = service({ title: () => "a room" });
      const dispose = () => void closed.push("room");
      return Object.assign(room, { [Symbol.dispose]: dispose });
    },
  });
  return { heard, closed, listener };
}

/** Resolves when `isTrue` returns true. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn();
}

withCtx(
  { name: "notify() gets no answer from a denomas peer", ...EVERYWHERE },
  async (ctx) => {
    const { heard, listener } = makeListener();
    const server = await ctx.rpc.startServer(listener);
    const client = await ctx.rpc.connect<typeof listener>();
    assertEquals(await client.remote.told(), 0);
    const before = client.stats();
    for (let n = 0; n < 100; n++) notify(client.remote).hear(n);
    assertEquals(client.stats().pendingCalls, 0);
    // In the order in which they were sent.
    assertEquals(await client.remote.told(), 100);
    assertEquals(heard, Array.from({ length: 100 }, (_, n) => n));
    const after = client.stats();
    assertEquals(after.framesIn - before.framesIn, 1);
    assertEquals([after.calls - before.calls, after.lateReplies], [101, 0]);
    const [side] = server.clients;
    assertEquals(side!.stats().unansweredRequests, 0);
  },
);

withCtx(
  { name: "notify() works both ways, with meta and a deadline", ...EVERYWHERE },
  async (ctx) => {
    const { heard, listener } = makeListener();
    const server = await ctx.rpc.startServer(service({ ping: () => {} }));
    const client = await ctx.rpc.connect({ service: listener });
    const [side] = server.clients;
    const remote = side!.remote as unknown as typeof client.remote & {
      told(): Promise<number>;
      meta(): Promise<void>;
      late(): Promise<void>;
    };
    await remote.told();
    notify(withOptions(remote, { meta: { user: "Ada" } })).meta();
    notify(withOptions(remote, { timeoutMs: 60_000 })).late();
    await remote.told();
    assertEquals(heard, [{ user: "Ada" }, true]);
  },
);

withCtx(
  "notify() passes functions and streams, with an answer",
  async (ctx) => {
    const { heard, listener } = makeListener();
    const { remote, channel } = await ctx.rpc.startServerAndConnect(listener);
    await remote.told();
    async function* numbers() {
      yield* [1, 2];
    }
    notify(remote).passes(() => Promise.resolve("called"), numbers());
    assertEquals(channel.stats().pendingCalls, 1);
    await until(() => channel.stats().pendingCalls === 0);
    assertEquals(heard, [["called", 1, 2]]);
  },
);

withCtx(
  "notify() can be cancelled by a signal, with an answer",
  async (ctx) => {
    const { heard, listener } = makeListener();
    const { remote } = await ctx.rpc.startServerAndConnect(listener);
    await remote.told();
    const controller = new AbortController();
    notify(withOptions(remote, { signal: controller.signal })).hang();
    await until(() => heard.length > 0);
    controller.abort();
    await until(() => heard.length > 1);
    assertEquals(heard, ["hangs", "aborted"]);
  },
);

withCtx(
  "notify() tells the errors of its method where it runs",
  async (ctx) => {
    const errors: unknown[] = [];
    const { listener } = makeListener();
    const client = await ctx.rpc.startServerAndConnect(listener, {
      server: { onMethodError: (error) => void errors.push(error) },
    });
    await client.remote.told();
    const before = client.stats();
    notify(client.remote).fail();
    const missing = client.remote as unknown as { nothing(): Promise<void> };
    notify(missing).nothing();
    await client.remote.told();
    // A missing method is the caller's mistake, so it is not reported.
    assertEquals(errors.map(String), ["RangeError: no"]);
    assertEquals(client.stats().framesIn - before.framesIn, 1);
  },
);

withCtx("notify() ends what its method returns", async (ctx) => {
  const { closed, listener } = makeListener();
  const server = await ctx.rpc.startServer(listener);
  const { remote } = await ctx.rpc.connect<typeof listener>();
  await remote.told();
  notify(remote).room();
  notify(remote).count();
  await remote.told();
  const [side] = server.clients;
  const { references, streams, runningCalls } = side!.stats();
  // The generator was never started, so its `finally` does not run.
  assertEquals([references, streams, runningCalls, closed], [0, 0, 0, [
    "room",
  ]]);
});

withCtx("notify() aborts its method when the connection ends", async (ctx) => {
  const { heard, listener } = makeListener();
  const server = await ctx.rpc.startServer(listener);
  const client = await ctx.rpc.connect<typeof listener>();
  await client.remote.told();
  notify(client.remote).hang();
  await client.remote.told();
  const [side] = server.clients;
  assertEquals(side!.stats().runningCalls, 1);
  await client.close();
  await until(() => heard.length > 1);
  assertEquals(heard, ["hangs", "aborted"]);
});

withCtx("notify() waits for room to send, within a bound", async (ctx) => {
  const { heard, listener } = makeListener();
  const { remote, channel } = await ctx.rpc.startServerAndConnect(listener, {
    client: {
      limits: { queues: { maxBytes: 1_000 }, requests: { maxPending: 10 } },
    },
  });
  await remote.told();
  const text = "x".repeat(2_000);
  for (let n = 0; n < 50; n++) notify(remote).hear(text);
  const { waitingCalls } = channel.stats();
  assert(waitingCalls > 0 && waitingCalls <= 10, `${waitingCalls} wait`);
  await until(() => channel.stats().waitingCalls === 0);
  await remote.told();
  assertEquals(heard.length, waitingCalls + 1);
});

withCtx("notify() is heard by a server that is closing", async (ctx) => {
  const { heard, listener } = makeListener();
  const server = await ctx.rpc.startServer(listener);
  const client = await ctx.rpc.connect<typeof listener>();
  await client.remote.told();
  // The call and the close happen at the same time.
  notify(client.remote).hear("on its way");
  await server.close({ graceMs: 5_000 });
  assertEquals(heard, ["on its way"]);
});

withCtx("notify() waits for the next connection of a client", async (ctx) => {
  const { heard, listener } = makeListener();
  const server = ctx.use(
    await startServer(ctx.address, listener, ctx.options),
  );
  const client = ctx.use(
    await openReconnecting<typeof listener>(server.address, {
      ...ctx.options,
      backoff: { maxMs: 50 },
    }),
  );
  await client.remote.told();
  await server.close();
  notify(client.remote).hear("later");
  ctx.use(await startServer(server.address, listener, ctx.options));
  await until(() => heard.length > 0);
  assertEquals(heard, ["later"]);
  // Before the hello is answered, it is an ordinary call.
  await client.remote.told();
});

withCtx(
  { name: "notify() asks a peer without the feature as a call", ...EVERYWHERE },
  async (ctx) => {
    const contents: unknown[] = [];
    await using server = await WirePeer.listen(ctx, (peer) => {
      peer.answer((content) => {
        const [path] = content as [string];
        if (path === "$/hello") {
          return { version: 1, features: FEATURES.slice(0, -1) };
        }
        contents.push(content);
        return null;
      });
    });
    const client = ctx.use(
      await openConnection<{ hear(it: unknown): void; told(): void }>(
        server.address,
        ctx.options,
      ),
    );
    await client.remote.told();
    notify(client.remote).hear(1);
    assertEquals(client.stats().pendingCalls, 1);
    await client.remote.told();
    assertEquals(contents, [["told", [], {}], ["hear", [1], {}], [
      "told",
      [],
      {},
    ]]);
  },
);

/** Opens a wire peer that has announced support for calls without an answer. */
async function openPeer(ctx: Ctx, address: string): Promise<WirePeer> {
  const peer = await WirePeer.open(address, ctx.options);
  await peer.call("$/hello", { version: 1, features: FEATURES });
  return peer;
}

function oneWay(path: unknown, args: unknown = [], more: object = {}) {
  return ["$/call", [path, args, {}, { reply: false, ...more }], {}];
}

withCtx(
  { name: "a flood of calls without an answer stays in limits", ...EVERYWHERE },
  async (ctx) => {
    const { heard, listener } = makeListener();
    const server = await ctx.rpc.startServer(listener, {
      limits: { requests: { maxUnanswered: 20 } },
    });
    using peer = await openPeer(ctx, server.address);
    for (let n = 0; n < 500; n++) peer.request(oneWay("hang"));
    // A normal call is refused as well, and is the first to get an answer.
    const refused = peer.request(["told", [], {}]);
    const [type, id] = (await peer.receive())!;
    assertEquals([type, id], [2, refused]);
    const [side] = server.clients;
    const stats = side!.stats();
    assertEquals([stats.runningCalls, stats.unansweredRequests], [20, 20]);
    assertEquals(stats.refusedRequests, 481);
    assertEquals(heard.length, 20);
    peer[Symbol.dispose]();
    await until(() => heard.length === 40);
  },
);

withCtx(
  {
    name: "calls without an answer get none, whatever they hold",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const { listener } = makeListener();
    const server = await ctx.rpc.startServer(listener, {
      maskErrors: false,
      onMethodError: () => {},
    });
    using peer = await openPeer(ctx, server.address);
    const reference = { __type__: [0, "$/ref/0"] };
    const contents = [
      oneWay("fail"),
      oneWay("nothing"),
      oneWay("$/ping"),
      oneWay("$/hello"),
      oneWay("$/ref/7"),
      oneWay(7),
      oneWay("told", {}),
      oneWay("told", [{ __type__: [9, 1] }]),
      oneWay("hear", [reference], { as: 3, timeoutMs: -1, meta: 7 }),
      oneWay("room", [], { as: 1 }),
      oneWay("count"),
      ["$/call", [], {}],
    ];
    for (const content of contents) peer.request(content);
    const answers: WireMessage[] = [];
    const last = peer.request(["told", [], {}]);
    for (;;) {
      const message = (await peer.receive())!;
      if (message[0] !== 0) answers.push(message);
      if (message[1] === last && message[0] === 1) break;
    }
    // The malformed request does not state that it wants no answer.
    assertEquals(answers.map(([type, id]) => [type, id]), [
      [2, last - 1],
      [1, last],
    ]);
    const [side] = server.clients;
    const { references, streams, unansweredRequests } = side!.stats();
    assertEquals([references, streams, unansweredRequests], [0, 0, 0]);
  },
);

withCtx(
  { name: "a stranger gets no answer that it does not want", ...EVERYWHERE },
  async (ctx) => {
    const { heard, listener } = makeListener();
    const server = await ctx.rpc.startServer(listener, {
      authenticate: (credentials) => {
        if (credentials !== "secret") throw new Error("who are you?");
        return true;
      },
      onError: () => {},
    });
    using peer = await WirePeer.open(server.address, ctx.options);
    peer.request(oneWay("hear", ["before"]));
    assertEquals(await peer.receive(), null);
    assertEquals(heard, []);
    using known = await WirePeer.open(server.address, ctx.options);
    known.request(["$/hello", [{
      version: 1,
      features: FEATURES,
      credentials: "secret",
    }], {}]);
    known.request(oneWay("hear", ["after"]));
    await known.call("told");
    assertEquals(heard, ["after"]);
  },
);

withCtx(
  "notify() after the end of its connection does nothing",
  async (ctx) => {
    const { heard, listener } = makeListener();
    const client = await ctx.rpc.startServerAndConnect(listener);
    await client.remote.told();
    await client.close();
    notify(client.remote).hear("nothing");
    await assertRejects(() => client.remote.told(), ConnectionClosedError);
    assertEquals(heard, []);
  },
);

withCtx("a channel answers a call that wants no answer", async (ctx) => {
  // Without RPC, every request is answered, whatever its content.
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.reply(1);
  });
  const channel = ctx.use(await openChannel(server.address, ctx.options));
  assertEquals(await channel.send(oneWay("hear")), 1);
});
