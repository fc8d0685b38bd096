// deno-lint-ignore-file no-console -- it is replaced while a test looks
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertNotMatch,
  assertRejects,
} from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import {
  type WireMessage,
  WirePeer,
} from "../../channel/fixtures/wire_peer.ts";
import { attackClients } from "../../dev/fixtures/hostile/clients.ts";
import { attackServer } from "../../dev/fixtures/hostile/attack.ts";
import { testBriefly } from "../../dev/fixtures/hostile/brief_attack.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { CtxOptions } from "../../testing/ctx_contract.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { call } from "../call.ts";
import { AuthenticationError } from "../errors.ts";
import type { RequestMiddleware } from "../middleware.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";
import type { StandardSchema } from "../service/schemas.ts";

testBriefly(
  "hostile peers of an RPC server have no effect",
  (ctx, options) => attackServer("RPC", ctx, options),
);
testBriefly(
  "hostile peers that are not admitted have no effect",
  (ctx, options) => attackServer("admission", ctx, options),
);
testBriefly("hostile servers have no effect on clients", attackClients);

/** All transports, with a text codec and a binary codec. */
const EVERYWHERE: Pick<CtxOptions, "transports" | "codecs"> = {
  transports: ["tcp", "unix", "memory", "tls"],
  codecs: [json(), msgpack()],
};

/** Characters that must not be sent to a terminal, other than line feeds. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

/** Collects the lines printed to stderr, until `restore` is called. */
function silenceStderr(): { lines: string[]; restore: () => void } {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line);
  return { lines, restore: () => console.error = error };
}

/** Returns a reference of the peer, as it is encoded. */
function reference(data: unknown): unknown {
  return { __type__: [0, data] };
}

/** The actions of {@linkcode bank}. */
const done: string[] = [];

const amounts: StandardSchema<{ amount: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { amount } = value as { amount: number };
      return typeof amount === "number" && amount >= 0
        ? { value: value as { amount: number } }
        : { issues: [{ message: "is no amount" }] };
    },
  },
};

const bank = service({
  open: () => void done.push("open"),
  echo: (value: unknown) => value,
  later: async (value: unknown) => {
    await nextTurn();
    return value;
  },
  ask: async (listener: (n: number) => unknown) => await listener(1),
  describe: (value: unknown) => JSON.stringify(value) + String(value),
  sum: async (items: AsyncIterable<number>) => {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  },
  remaining: () => {
    const { remainingMs, signal } = call();
    return [remainingMs, signal.aborted];
  },
  isFree: () => call().remainingMs === Infinity,
  admin: service({ open: () => void done.push("admin/open") }),
});

/** Forbids all calls of `open`. */
const guard: RequestMiddleware = ({ path }, next) => {
  if (path.endsWith("open")) throw new Error("Cannot open: forbidden");
  return next();
};

withCtx(
  { name: "a callable 'then' is refused wherever it arrives", ...EVERYWHERE },
  async (ctx) => {
    const server = await ctx.rpc.startServer(bank);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    const thenable = { then: reference("$/ref/0") };
    for (const value of [thenable, [thenable], { a: { b: thenable } }]) {
      assertEquals((await peer.call("echo", value))![0], 2);
      assertEquals((await peer.call("later", value))![0], 2);
    }
    // Also in the answer to a callback.
    const id = peer.request(["ask", [reference("$/ref/1")], {}]);
    const [, asked] = (await peer.receive())!;
    peer.send([1, asked, thenable]);
    assertEquals((await peer.receive())!.slice(0, 2), [2, id]);
    // Plain data stays data.
    assertEquals(await peer.call("later", { then: 5 }), [1, { then: 5 }]);
  },
);

withCtx(
  { name: "looking at a peer's proxy asks the peer nothing", ...EVERYWHERE },
  async (ctx) => {
    const server = await ctx.rpc.startServer(bank);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    const id = peer.request(["describe", [reference("$/ref/0")], {}]);
    const [type, answered] = (await peer.receive())!;
    assertEquals([type, answered], [1, id]);
  },
);

withCtx(
  { name: "a proxy in the place of a text ends no process", ...EVERYWHERE },
  async (ctx) => {
    const greeting = service({
      greet: (name: string) => `Hello, ${name.trim()}`,
      // The results of listeners are not awaited.
      tell: (listener: () => void) => void listener(),
    });
    const server = await ctx.rpc.startServer(greeting);
    const other = await ctx.rpc.connect<typeof greeting>();
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    for (const method of ["greet", "tell"]) {
      peer.request([method, [reference("$/ref/0")], {}]);
      for (let answers = 0; answers < 2; answers++) {
        const [type, id] = (await peer.receive())!;
        if (type === 0) peer.send([2, id, "TypeError: it is no such thing"]);
      }
    }
    // A call that is pending when the connection ends fails as well.
    peer.request(["tell", [reference("$/ref/1")], {}]);
    await peer.receive();
    peer[Symbol.dispose]();
    assertEquals(await other.remote.greet(" Ada "), "Hello, Ada");
    // An unhandled rejection would end the step.
    await nextTurn();
  },
);

withCtx(
  { name: "a path is no way to an object that was not passed", ...EVERYWHERE },
  async (ctx) => {
    done.length = 0;
    const server = await ctx.rpc.startServer(bank, {
      middleware: { requests: [guard] },
    });
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    for (
      const path of [
        "open",
        "admin/open",
        "admin",
        "",
        "$/ref/0",
        "$/ref/0/open",
      ]
    ) {
      for (const method of ["ask", "echo", "later"]) {
        const answer = await peer.call(method, reference({ own: path }));
        assertEquals(answer![0], 2, `${method} of ${path}`);
      }
    }
    for (
      const path of ["open", "admin/open", "/open", "admin//open", "open/"]
    ) {
      assertEquals((await peer.call(path))![0], 2, path);
      const extended = await peer.call("$/call", path, [], {}, {});
      assertEquals(extended![0], 2, path);
    }
    assertEquals(done, []);
  },
);

withCtx(
  { name: "what a schema has checked is what the method gets", ...EVERYWHERE },
  async (ctx) => {
    const paid: number[] = [];
    const desk = service({
      pay: method({ args: [amounts] }, (it) => {
        paid.push((it as { amount: number }).amount);
      }),
    });
    const server = await ctx.rpc.startServer(desk);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    assertEquals((await peer.call("pay", { amount: -5 }))![0], 2);
    const thenable = { amount: 5, then: reference("$/ref/0") };
    assertEquals((await peer.call("pay", thenable))![0], 2);
    assertEquals((await peer.call("pay", { amount: 5, then: 1 }))![0], 1);
    assertEquals(paid, [5]);
  },
);

withCtx(
  { name: "a batch over the window ends the connection", ...EVERYWHERE },
  async (ctx) => {
    const server = await ctx.rpc.startServer(bank);
    const other = await ctx.rpc.connect<typeof bank>();
    assertEquals(await other.remote.echo(1), 1);
    const honest = new Set(server.clients);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    const [served] = [...server.clients].filter((it) => !honest.has(it));
    peer.request(["sum", [reference("$/stream/0")], {}]);
    const [, id, content] = (await peer.receive())!;
    assertEquals(content, ["$/next", [0, 0], {}]);
    const start = performance.now();
    const items = new Array(400_000).fill(0);
    peer.send([1, id, { items, done: false }]);
    assertEquals(await other.remote.echo(1), 1);
    assert(performance.now() - start < 3_000);
    while (await peer.receive() !== null);
    // The method that reads the stream receives the error, so it is not
    // reported.
    assertInstanceOf((await served!.closed).error, ProtocolError);
  },
);

withCtx(
  {
    name: "nothing runs and little is held for who is not admitted",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const ran: string[] = [];
    class Stamp {}
    const stamps: Serializer<Stamp> = {
      type: Stamp,
      serialize: () => null,
      deserialize: () => {
        ran.push("deserializer");
        return new Stamp();
      },
    };
    const { promise: judged, resolve: judge } = Promise.withResolvers<void>();
    const server = await ctx.rpc.startServer(
      service({ open: () => void ran.push("open") }),
      {
        authenticate: async () => {
          await judged;
          throw new AuthenticationError("Unknown");
        },
        middleware: {
          requests: [(_call, next) => {
            ran.push("middleware");
            return next();
          }],
        },
        onConnect: () => void ran.push("onConnect"),
        serializers: [stamps],
      },
    );
    using peer = await WirePeer.open(server.address, ctx.options);
    peer.request(["open", [{ __type__: [0, 1] }], {}]);
    peer.request(["$/ping", [], {}]);
    using greedy = await WirePeer.open(server.address, ctx.options);
    greedy.request(["open", ["x".repeat(100_000)], {}]);
    // The connection is cut without an answer.
    assertEquals(await greedy.receive(), null);
    judge();
    const answers: WireMessage[] = [];
    for (;;) {
      const message = await peer.receive();
      if (message === null) break;
      answers.push(message);
    }
    // The ping was not answered before.
    assertEquals(answers.map(([type]) => type), [2, 2]);
    assertEquals(ran, []);
    assertEquals(server.stats().refusedPeers, 1);
    assertEquals(server.stats().cutConnections, 1);
  },
);

withCtx(
  { name: "text of a failure that is told is escaped", ...EVERYWHERE },
  async (ctx) => {
    const listening = service({
      ask: async (listener: () => unknown) => {
        const error = await assertRejects(async () => await listener());
        assertInstanceOf(error, RemoteError);
        return [error.name, error.message, error.remoteName, `${listener}`];
      },
    });
    const server = await ctx.rpc.startServer(listening);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    const red = "\u001b[31m";
    for (
      const failure of [
        `Error${red}: red${red}\u009b`,
        [`${red}name`, `mess${red}age`, "line"],
        { name: `${red}name`, message: `${red}\r`, code: red },
        "Traceback (most recent call last):\n  File\nKey\u0007Error: \ud83d",
      ]
    ) {
      const asking = peer.request(["ask", [reference("$/ref/5")], {}]);
      const [, id] = (await peer.receive())!;
      peer.send([2, id, failure]);
      const [type, answered, texts] = (await peer.receive())!;
      assertEquals([type, answered], [1, asking]);
      for (const text of texts as string[]) assertNotMatch(text, CONTROL);
    }
  },
);

withCtx(
  { name: "an 'onError' that throws harms nobody", ...EVERYWHERE },
  async (ctx) => {
    let reports = 0;
    const server = await ctx.rpc.startServer(bank, {
      onError: () => {
        reports++;
        throw new Error("onError fails");
      },
    });
    const printed = silenceStderr();
    try {
      using peer = await WirePeer.open(server.address, ctx.options);
      peer.send([7, 0, null]);
      assertEquals(await peer.receive(), null);
    } finally {
      printed.restore();
    }
    assertEquals(reports, 1);
    assertEquals(printed.lines.length, 2);
    const other = await ctx.rpc.connect<typeof bank>();
    assertEquals(await other.remote.echo(1), 1);
  },
);

withCtx(
  { name: "a caller's time may be longer than a timer's", ...EVERYWHERE },
  async (ctx) => {
    const server = await ctx.rpc.startServer(bank);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    for (const timeoutMs of [2 ** 31, 2 ** 40, 1e300]) {
      const terms = { timeoutMs };
      const answer = await peer.call("$/call", "remaining", [], {}, terms);
      const [left, isAborted] = answer![1] as [number, boolean];
      assert(left >= timeoutMs - 60_000, `${left}`);
      assertFalse(isAborted);
    }
    // Invalid durations are ignored.
    for (const timeoutMs of [-1, "5", null, [], { then: 1 }]) {
      const terms = { timeoutMs };
      const answer = await peer.call("$/call", "isFree", [], {}, terms);
      assertEquals(answer, [1, true]);
    }
  },
);

Deno.test("the entry of RPC offers nothing that forges the identity of a call", async () => {
  const entry = await import("@denomas/denomas/rpc");
  const functions = Object.entries(entry).filter(([, value]) =>
    typeof value === "function"
  );
  assertEquals(functions.map(([name]) => name).toSorted(), [
    "AgentNotFoundError",
    "AuthenticationError",
    "MethodNotFoundError",
    "ReferenceReleasedError",
    "RemoteError",
    "Router",
    "ServiceError",
    "UnsupportedByPeerError",
    "ValidationError",
    "broadcast",
    "call",
    "describe",
    "expose",
    "guarded",
    "isRemoteError",
    "keep",
    "kwargs",
    "method",
    "notify",
    "openConnection",
    "pipe",
    "sameRemote",
    "service",
    "startServer",
    "withOptions",
  ]);
});

withCtx("a method cannot change the identity of its call", async (ctx) => {
  const whoAmI = () => {
    const served = call();
    try {
      Object.assign(served, { identity: "eve" });
    } catch {
      // Refused, as expected.
    }
    return String(call().identity);
  };
  const office = service({ whoAmI });
  await ctx.rpc.startServer(office, { authenticate: () => "ada" });
  const { remote } = await ctx.rpc.connect<typeof office>();
  assertEquals(await remote.whoAmI(), "ada");
});
