// Longer than most files: a row is a few lines, and the rows of a layer stand in
// the order of its table.
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  ConnectionClosedError,
  RemoteError,
  SerializationError,
  TimeoutError,
} from "../../../channel/errors.ts";
import { openReconnecting } from "../../../rpc/reconnect/open.ts";
import {
  openConnection,
  type RpcClient,
  type RpcConnectionOptions,
} from "../../../rpc/client.ts";
import { kwargs } from "../../../rpc/kwargs.ts";
import { withOptions } from "../../../rpc/options.ts";
import type { Remote } from "../../../rpc/remote.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { conformance, type RowOptions, type Stage } from "../conformance.ts";
import { PythonPeer } from "../python_peer.ts";
import {
  assertPythonFailure,
  denomasProcess,
  flood,
  looseCodec,
  raised,
  removing,
  type Served,
} from "../support.ts";
import { type Methods, Point, pointSerializer, Service } from "../things.ts";
import {
  BYTES,
  BYTES_SHOWN,
  MANY,
  NOT_FINITE,
  NOT_FINITE_SHOWN,
  PLAIN,
  TEXT,
} from "../values.ts";

const layer = "rpc";

type Options = Partial<Pick<RowOptions, "codec" | "not">>;

/** denomas calls aiomas, and serves it as well. */
interface ToAiomas extends Stage {
  readonly client: RpcClient<Methods>;
  readonly remote: Remote<Methods>;
  readonly served: Served;
  readonly service: Service;
}

/** aiomas calls denomas, and serves it as well. */
interface ToDenomas extends Stage {
  readonly server: RpcServer<Methods>;
  /** The number of its client. */
  readonly on: number;
  call(path: string, ...args: unknown[]): Promise<unknown>;
}

function toAiomas(
  feature: string,
  body: (stage: ToAiomas) => Promise<void>,
  options: Options = {},
): void {
  const serves = "aiomas";
  conformance({ layer, feature, serves, ...options }, async (stage) => {
    const served = stage.closing(await serve(stage));
    const service = new Service();
    const client = await open(stage, served.address, { service });
    const { remote } = client;
    await body({ ...stage, client, remote, served, service });
  });
}

function toDenomas(
  feature: string,
  body: (stage: ToDenomas) => Promise<void>,
  options: Options = {},
): void {
  const serves = "denomas";
  conformance({ layer, feature, serves, ...options }, async (stage) => {
    const { ctx, python, codec } = stage;
    const server = await ctx.rpc.startServer<Methods>(
      new Service(),
      loose(stage),
    );
    const { address } = server;
    const args = { layer, address, codec, points: true, serves: true };
    const on = stage.closing(await python.do<number>("open", args));
    const call = (path: string, ...args: unknown[]) =>
      python.do("call", { on, path, args });
    await body({ ...stage, server, on, call });
  });
}

function serve(
  { python, ctx, codec }: Stage,
  address: string = ctx.address,
): Promise<Served> {
  return python.do("serve", { layer, address, codec, points: true });
}

function loose(stage: Stage) {
  return { codec: looseCodec(stage), serializers: [pointSerializer] };
}

async function open(
  stage: Stage,
  address: string,
  options: RpcConnectionOptions = {},
): Promise<RpcClient<Methods>> {
  const { ctx } = stage;
  return ctx.use(
    await openConnection<Methods>(address, {
      ...ctx.options,
      ...loose(stage),
      ...options,
    }),
  );
}

const CALLS = "Calls";
toAiomas(CALLS, async ({ remote }) => {
  assertEquals(await remote.echo(PLAIN), PLAIN);
  assertEquals(await remote.hear(PLAIN), PLAIN);
});
toDenomas(CALLS, async ({ call }) => {
  assertEquals(await call("echo", PLAIN), PLAIN);
  assertEquals(await call("hear", PLAIN), PLAIN);
});

const KEYWORDS = "Keyword arguments";
toAiomas(KEYWORDS, async ({ remote }) => {
  const greeting = await remote.greet("Ada", kwargs({ times: 2 }));
  assertEquals(greeting, "Hello, Ada Hello, Ada");
  assertEquals(await remote.greet("Ada"), "Hello, Ada");
});
toDenomas(KEYWORDS, async ({ python, on, call }) => {
  const args = { on, path: "greet", args: ["Ada"], kwargs: { times: 2 } };
  assertEquals(await python.do("call", args), "Hello, Ada Hello, Ada");
  assertEquals(await call("greet", "Ada"), "Hello, Ada");
});

const NESTED = "Services in services";
toAiomas(NESTED, async ({ remote }) => {
  assertEquals(await remote.kitchen.cook("rice"), "cooked rice");
});
toDenomas(NESTED, async ({ call }) => {
  assertEquals(await call("kitchen/cook", "rice"), "cooked rice");
});

const FAILURES = "Failures, with name and message";
toAiomas(FAILURES, async ({ remote }) => {
  const failing = remote.fail(TEXT);
  const error = await assertRejects(() => failing, RemoteError);
  assertPythonFailure(error, "ValueError", TEXT);
});
toDenomas(FAILURES, async ({ call }) => {
  const error = await raised(call("fail", TEXT));
  assertEquals(error.raised, "RemoteException");
  assertEquals(error.remote, `RangeError: ${TEXT}\n`);
});

const TRACEBACKS = "Tracebacks of failures";
const NO_STACK = "denomas sends no stacks to peers of aiomas.";
toAiomas(TRACEBACKS, async ({ remote }) => {
  const failing = remote.fail("no");
  const { remoteStack } = await assertRejects(() => failing, RemoteError);
  assertStringIncludes(remoteStack!, 'things.py", line ');
});
toDenomas(TRACEBACKS, async ({ call }) => {
  const { remote } = await raised(call("fail", "no"));
  assertEquals(remote, "RangeError: no\n");
}, { not: NO_STACK });

const MISSING = "A method that is not there";
toAiomas(MISSING, async ({ remote }) => {
  const loose = remote as unknown as { nothing(): Promise<void> };
  const error = await assertRejects(() => loose.nothing(), RemoteError);
  assertEquals(error.remoteName, "LookupError");
});
toDenomas(MISSING, async ({ call }) => {
  const { remote } = await raised(call("nothing"));
  assertStringIncludes(remote!, "MethodNotFoundError: ");
  const hidden = await raised(call("constructor"));
  assertStringIncludes(hidden.remote!, "MethodNotFoundError: ");
});

const BACK = "Calls of the server";
toAiomas(BACK, async ({ remote, python, closing, served }) => {
  await remote.echo(1);
  const args = { server: served.handle };
  const on = closing(await python.do<number>("client", args));
  const call = { on, path: "kitchen/cook", args: ["rice"] };
  assertEquals(await python.do("call", call), "cooked rice");
});
toDenomas(BACK, async ({ server, call }) => {
  await call("echo", 1);
  const [client] = server.clients;
  assertEquals(await client!.remote.kitchen.cook("rice"), "cooked rice");
});

const OWN = "A service of one's own as an argument";
toAiomas(OWN, async ({ remote, service }) => {
  assertEquals(await remote.ask(service, "Ada"), "Hello, Ada");
  assertEquals(await remote.hear(service.kitchen), { $proxy: "kitchen" });
});
toDenomas(OWN, async ({ call }) => {
  assertEquals(await call("ask", { $own: "" }, "Ada"), "Hello, Ada");
  const kitchen = { $own: "kitchen" };
  assertEquals(await call("hear", kitchen), { $proxy: "kitchen" });
});

const RETURNED = "A service as a result";
toAiomas(RETURNED, async ({ remote }) => {
  const [me, kitchen] = [await remote.me(), await remote.get_kitchen()];
  assertEquals(await me.greet("Ada"), "Hello, Ada");
  assertEquals(await kitchen.cook("rice"), "cooked rice");
});
toDenomas(RETURNED, async ({ python, on }) => {
  const take = async (path: string) => ({
    on: await python.do("take", { on, path }),
  });
  const me = { ...await take("me"), path: "greet", args: ["Ada"] };
  assertEquals(await python.do("call", me), "Hello, Ada");
  const kitchen = { ...await take("get_kitchen"), path: "cook", args: ["it"] };
  assertEquals(await python.do("call", kitchen), "cooked it");
});

const FUNCTIONS = "A function as an argument";
toAiomas(FUNCTIONS, async ({ remote }) => {
  const twice = (value: number) => 2 * value;
  assertEquals(await remote.run(twice, 21), 42);
});
toDenomas(FUNCTIONS, async ({ call }) => {
  // Nearest to it: a method of a service that the caller serves.
  const { raised: name } = await raised(call("run", { $own: "echo" }, 1));
  assertEquals(name, "SerializationError");
}, { not: "aiomas can send services, and no functions." });

const PASSED_BACK = "A proxy passed back to whom it came from";
toAiomas(PASSED_BACK, async ({ remote }) => {
  assertEquals(await remote.ask(await remote.me(), "Ada"), "Hello, Ada");
});
toDenomas(PASSED_BACK, async ({ python, on, call }) => {
  const proxy = await python.do<number>("take", { on, path: "me" });
  const { raised: name } = await raised(call("ask", { $own: proxy }, "Ada"));
  assertEquals(name, "SerializationError");
}, { not: "aiomas refuses to send a proxy." });

const CLASSES = "Classes of your own";
toAiomas(CLASSES, async ({ remote, service }) => {
  assertEquals(await remote.move(new Point(1, 2)), new Point(2, 3));
  // The type id of services comes after those of the user.
  assertEquals(await remote.hear([new Point(1, 2), service]), [
    { $point: [1, 2] },
    { $proxy: "" },
  ]);
});
toDenomas(CLASSES, async ({ call }) => {
  const point = { $point: [1, 2] };
  assertEquals(await call("move", point), { $point: [2, 3] });
  assertEquals(await call("hear", [point, { $own: "" }]), [
    point,
    { $proxy: "" },
  ]);
});

const LOOSE = "NaN and infinities";
toAiomas(LOOSE, async ({ remote }) => {
  assertEquals(await remote.echo(NOT_FINITE), NOT_FINITE);
  assertEquals(await remote.hear(NOT_FINITE), NOT_FINITE_SHOWN);
});
toDenomas(LOOSE, async ({ call }) => {
  assertEquals(await call("echo", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
  assertEquals(await call("hear", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
});

const BEYOND = "Text beyond ASCII";
toAiomas(BEYOND, async ({ remote }) => {
  assertEquals(await remote.echo(TEXT), TEXT);
  assertEquals(await remote.greet("世界"), "Hello, 世界");
});
toDenomas(BEYOND, async ({ call }) => {
  assertEquals(await call("echo", TEXT), TEXT);
  assertEquals(await call("greet", "世界"), "Hello, 世界");
});

const BINARY = "Bytes";
const NO_BYTES = "JSON has no bytes; both sides refuse to send them.";
toAiomas(BINARY, async ({ remote }) => {
  await assertRejects(() => remote.echo(BYTES), SerializationError);
}, { codec: "json", not: NO_BYTES });
toAiomas(BINARY, async ({ remote }) => {
  assertEquals(await remote.echo(BYTES), BYTES);
  assertEquals(await remote.hear(BYTES), BYTES_SHOWN);
}, { codec: "msgpack" });
toDenomas(BINARY, async ({ call }) => {
  const error = await raised(call("echo", BYTES_SHOWN));
  assertEquals(error.raised, "SerializationError");
}, { codec: "json", not: NO_BYTES });
toDenomas(BINARY, async ({ call }) => {
  assertEquals(await call("echo", BYTES_SHOWN), BYTES_SHOWN);
  assertEquals(await call("hear", BYTES_SHOWN), BYTES_SHOWN);
}, { codec: "msgpack" });

const FLOOD = "10,000 calls in flight";
toAiomas(FLOOD, async ({ remote }) => {
  await flood((value) => Promise.resolve(remote.echo(value)));
});
toDenomas(FLOOD, async ({ python, on }) => {
  const args = { on, count: MANY, path: "echo" };
  assertEquals(await python.do("flood", args), MANY);
});

const STREAMS = "Streams";
toAiomas(STREAMS, async ({ remote, client }) => {
  async function* stream(): AsyncGenerator<number> {
    yield 1;
  }
  await remote.echo(1);
  await assertRejects(() => Promise.resolve(remote.echo(stream())));
  assertEquals(client.stats().streams, 0);
}, { not: "aiomas has no streams." });
toDenomas(STREAMS, async ({ call }) => {
  const { remote } = await raised(call("count"));
  assertStringIncludes(remote!, "UnsupportedByPeerError: ");
}, { not: "aiomas has no streams." });

const LATE = "A call that is given up leaves the channel intact";
toAiomas(LATE, async ({ remote, client }) => {
  await remote.echo(1);
  // Long enough for the call to leave, even on a busy machine.
  const hurried = withOptions(remote, { timeoutMs: 50 });
  await assertRejects(() => hurried.hold(), TimeoutError);
  await remote.release();
  assertEquals(await remote.echo(1), 1);
  assertEquals(client.stats().lateReplies, 1);
});
toDenomas(LATE, async ({ python, on, call }) => {
  const done = await python.do("give_up", { on, path: "hold" });
  assertEquals(done, 0);
  // The late reply is the end of the channel, for this call as for others.
  await call("release").catch(() => {});
  const { raised: name } = await raised(call("echo", 1));
  assert(/^(RuntimeError|ConnectionResetError)$/.test(name), name);
}, {
  not: "In aiomas the reply to a call that was cancelled breaks its channel.",
});

const NO_CALL = "An answer to a request that is no call";
toAiomas(NO_CALL, async ({ client, remote }) => {
  const asking = client.channel.send("no call", { timeoutMs: 100 });
  await assertRejects(() => asking, TimeoutError);
  assertEquals(await remote.echo(1), 1);
}, { not: "aiomas never answers what is not a list of three." });
toDenomas(NO_CALL, async ({ server, python, codec, closing, call }) => {
  const { address } = server;
  const args = { layer: "channel", address, codec };
  const on = closing(await python.do<number>("open", args));
  const sending = python.do("send", { on, content: "no call" });
  assertEquals((await raised(sending)).raised, "RemoteException");
  assertEquals(await call("echo", 1), 1);
});

const KILLED = "The server is killed: pending calls fail";
conformance({ layer, feature: KILLED, serves: "aiomas" }, async (stage) => {
  const { address } = await serve(stage);
  removing(stage, address);
  const client = await open(stage, address);
  await client.remote.echo(1);
  const pending = client.remote.nap();
  stage.python.kill();
  const error = await assertRejects(() => pending, ConnectionClosedError);
  assertEquals([error.sent, error.by === "local"], [true, false]);
});
conformance({ layer, feature: KILLED, serves: "denomas" }, async (stage) => {
  const { ctx, python, codec } = stage;
  const process = await denomasProcess(stage, layer, ctx.address);
  const args = { layer, address: process.line, codec, serves: true };
  const on = stage.closing(await python.do<number>("open", args));
  const pending = await python.do("later", { on, path: "nap" });
  const lost = await python.do("hear_of_loss", { on });
  await process.kill();
  const outcome = await raised(python.do("outcome", { on: pending }));
  assertEquals(outcome.raised, "ConnectionResetError");
  const loss = await python.do("outcome", { on: lost });
  assertStringIncludes(String(loss), "ConnectionResetError");
});

const BACK_AGAIN = "The server comes back: connecting works again";
conformance({ layer, feature: BACK_AGAIN, serves: "aiomas" }, async (stage) => {
  const { ctx } = stage;
  const { address } = await serve(stage);
  removing(stage, address);
  const options = { ...ctx.options, ...loose(stage), waitMs: 10_000 };
  const client = ctx.use(await openReconnecting<Methods>(address, options));
  assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
  await stage.python.kill();
  const python = ctx.use(new PythonPeer());
  await serve({ ...stage, python }, address);
  const greeting = await withRetry(() => client.remote.greet("Ada"));
  assertEquals(greeting, "Hello, Ada");
});
conformance(
  { layer, feature: BACK_AGAIN, serves: "denomas" },
  async (stage) => {
    const { ctx, python, codec } = stage;
    const first = await denomasProcess(stage, layer, ctx.address);
    const args = { layer, address: first.line, codec };
    stage.closing(await python.do<number>("open", args));
    await first.kill();
    await denomasProcess(stage, layer, first.line);
    const on = stage.closing(await python.do<number>("open", args));
    const call = { on, path: "greet", args: ["Ada"] };
    assertEquals(await python.do("call", call), "Hello, Ada");
  },
);

/** The first call may still go to the connection that has just been lost. */
async function withRetry<T>(call: () => T): Promise<Awaited<T>> {
  try {
    return await call();
  } catch (error) {
    assert(error instanceof ConnectionClosedError, String(error));
    return await call();
  }
}
