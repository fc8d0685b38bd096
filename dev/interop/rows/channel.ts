import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Channel } from "../../../channel/channel.ts";
import {
  ConnectionClosedError,
  RemoteError,
  SerializationError,
} from "../../../channel/errors.ts";
import {
  type ConnectionOptions,
  openConnection,
} from "../../../channel/open.ts";
import type { ServerOptions } from "../../../channel/server.ts";
import { ProtocolError } from "../../../transports/errors.ts";
import { conformance, type RowOptions, type Stage } from "../conformance.ts";
import { PythonPeer } from "../python_peer.ts";
import { serveChannel } from "../serve_channel.ts";
import {
  assertPythonFailure,
  denomasProcess,
  flood,
  looseCodec,
  raised,
  removing,
  type Served,
} from "../support.ts";
import { Point, pointSerializer } from "../things.ts";
import {
  BYTES,
  BYTES_SHOWN,
  MANY,
  NOT_FINITE,
  NOT_FINITE_SHOWN,
  PLAIN,
  TEXT,
} from "../values.ts";

const layer = "channel";

type Options = Partial<Pick<RowOptions, "codec" | "not">>;

/** aiomas serves, and denomas has a channel to it. */
function toAiomas(
  feature: string,
  body: (channel: Channel, stage: Stage, served: Served) => Promise<void>,
  options: Options = {},
): void {
  const serves = "aiomas";
  conformance({ layer, feature, serves, ...options }, async (stage) => {
    const served = stage.closing(await serve(stage));
    await body(await open(stage, served.address), stage, served);
  });
}

/** denomas serves, and aiomas has a channel to it, with a number. */
function toDenomas(
  feature: string,
  body: (
    send: (what: string, value: unknown) => Promise<unknown>,
    stage: Stage,
    on: number,
    there: () => Channel,
  ) => Promise<void>,
  options: Options = {},
): void {
  const serves = "denomas";
  conformance({ layer, feature, serves, ...options }, async (stage) => {
    const { ctx, python, codec } = stage;
    const server = await ctx.startServer(serveChannel, loose(stage));
    const { address } = server;
    const args = { layer, address, codec, points: true };
    const on = stage.closing(await python.do<number>("open", args));
    const send = (what: string, value: unknown) =>
      python.do("send", { on, content: [what, value] });
    await body(send, stage, on, () => [...server.channels][0]!);
  });
}

function serve(
  { python, ctx, codec }: Stage,
  address: string = ctx.address,
): Promise<Served> {
  return python.do("serve", { layer, address, codec, points: true });
}

function loose(stage: Stage): ServerOptions & ConnectionOptions {
  return { codec: looseCodec(stage), serializers: [pointSerializer] };
}

async function open(
  stage: Stage,
  address: string,
  options: ConnectionOptions = {},
): Promise<Channel> {
  const { ctx } = stage;
  return ctx.use(
    await openConnection(address, {
      ...ctx.options,
      ...loose(stage),
      ...options,
    }),
  );
}

const REQUESTS = "Requests and replies";
toAiomas(REQUESTS, async (channel) => {
  assertEquals(await channel.send(["echo", PLAIN]), PLAIN);
  assertEquals(await channel.send(["hear", PLAIN]), PLAIN);
});
toDenomas(REQUESTS, async (send) => {
  assertEquals(await send("echo", PLAIN), PLAIN);
  assertEquals(await send("hear", PLAIN), PLAIN);
});

const BACK = "Requests of the server";
toAiomas(BACK, async (channel, { python, closing }, { handle }) => {
  const serving = serveChannel(channel);
  await channel.send(["echo", 1]);
  const on = closing(await python.do<number>("client", { server: handle }));
  const content = ["echo", PLAIN];
  assertEquals(await python.do("send", { on, content }), PLAIN);
  await channel.close();
  await serving;
});
toDenomas(BACK, async (_send, _stage, _on, there) => {
  assertEquals(await there().send(["echo", PLAIN]), PLAIN);
});

const FAILURES = "Failures, with name and message";
toAiomas(FAILURES, async (channel) => {
  const failing = channel.send(["fail", TEXT]);
  const error = await assertRejects(() => failing, RemoteError);
  assertPythonFailure(error, "ValueError", TEXT);
});
toDenomas(FAILURES, async (send) => {
  const { raised: name, remote } = await raised(send("fail", "too far"));
  assertEquals([name, remote], ["RemoteException", "RangeError: too far\n"]);
});

const TRACEBACKS = "Tracebacks of failures";
const NO_STACK = "denomas sends no stacks to peers of aiomas.";
toAiomas(TRACEBACKS, async (channel) => {
  const failing = channel.send(["fail", "no"]);
  const { remoteStack } = await assertRejects(() => failing, RemoteError);
  assertStringIncludes(remoteStack!, 'peer.py", line ');
});
toDenomas(TRACEBACKS, async (send) => {
  const { remote } = await raised(send("fail", "no"));
  assertEquals(remote, "RangeError: no\n");
}, { not: NO_STACK });

const CLASSES = "Classes of your own";
toAiomas(CLASSES, async (channel) => {
  assertEquals(await channel.send(["move", new Point(1, 2)]), new Point(2, 3));
  const shown = { $point: [1, 2] };
  assertEquals(await channel.send(["hear", new Point(1, 2)]), shown);
});
toDenomas(CLASSES, async (send) => {
  const point = { $point: [1, 2] };
  assertEquals(await send("move", point), { $point: [2, 3] });
  assertEquals(await send("hear", point), point);
});

const LOOSE = "NaN and infinities";
toAiomas(LOOSE, async (channel) => {
  assertEquals(await channel.send(["echo", NOT_FINITE]), NOT_FINITE);
  assertEquals(await channel.send(["hear", NOT_FINITE]), NOT_FINITE_SHOWN);
});
toDenomas(LOOSE, async (send) => {
  assertEquals(await send("echo", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
  assertEquals(await send("hear", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
});

const BEYOND = "Text beyond ASCII";
toAiomas(BEYOND, async (channel) => {
  assertEquals(await channel.send(["echo", TEXT]), TEXT);
});
toDenomas(BEYOND, async (send) => {
  assertEquals(await send("echo", TEXT), TEXT);
});

const BINARY = "Bytes";
const NO_BYTES = "JSON has no bytes; both sides refuse to send them.";
toAiomas(BINARY, async (channel) => {
  const sending = channel.send(["echo", BYTES]);
  await assertRejects(() => sending, SerializationError);
}, { codec: "json", not: NO_BYTES });
toAiomas(BINARY, async (channel) => {
  assertEquals(await channel.send(["echo", BYTES]), BYTES);
  assertEquals(await channel.send(["hear", BYTES]), BYTES_SHOWN);
}, { codec: "msgpack" });
toDenomas(BINARY, async (send) => {
  const error = await raised(send("echo", BYTES_SHOWN));
  assertEquals(error.raised, "SerializationError");
}, { codec: "json", not: NO_BYTES });
toDenomas(BINARY, async (send) => {
  assertEquals(await send("echo", BYTES_SHOWN), BYTES_SHOWN);
  assertEquals(await send("hear", BYTES_SHOWN), BYTES_SHOWN);
}, { codec: "msgpack" });

const FLOOD = "10,000 calls in flight";
toAiomas(FLOOD, async (channel) => {
  await flood((value) => channel.send(["echo", value]));
});
toDenomas(FLOOD, async (_send, { python }, on) => {
  assertEquals(await python.do("flood", { on, count: MANY }), MANY);
});

const GARBAGE = "A typed error for a frame that is no message";
toAiomas(GARBAGE, async (channel, { ctx, python, codec }) => {
  // As it is for who sends such a frame to aiomas.
  const address = channel.remoteAddress;
  const answer = await python.do("raw", { address, hex: "000000020102" });
  assertEquals(answer, "");
  const other = ctx.use(
    await openConnection(address, {
      ...ctx.options,
      codec: { ...ctx.options.codec, encode: () => new Uint8Array([0xc1]) },
    }),
  );
  const error = await assertRejects(
    () => other.send(codec),
    ConnectionClosedError,
  );
  assertEquals(error.by, "peer");
}, { not: "aiomas closes the connection without a word." });
toDenomas(GARBAGE, async (_send, { ctx, python }, _on, there) => {
  const address = there().localAddress;
  await python.do("raw", { address, hex: "000000020102" });
  const [error] = ctx.takeHandlerErrors();
  assert(error instanceof ProtocolError, String(error));
});

const KILLED = "The server is killed: pending calls fail";
conformance({ layer, feature: KILLED, serves: "aiomas" }, async (stage) => {
  const { address } = await serve(stage);
  removing(stage, address);
  const channel = await open(stage, address);
  await channel.send(["echo", 1]);
  const pending = channel.send(["nap", null]);
  stage.python.kill();
  const error = await assertRejects(() => pending, ConnectionClosedError);
  assertEquals([error.sent, error.by === "local"], [true, false]);
});
conformance({ layer, feature: KILLED, serves: "denomas" }, async (stage) => {
  const { ctx, python, codec } = stage;
  const process = await denomasProcess(stage, layer, ctx.address);
  const args = { layer, address: process.line, codec };
  const on = stage.closing(await python.do<number>("open", args));
  const content = ["nap", null];
  const pending = await python.do("later_send", { on, content });
  await process.kill();
  const outcome = await raised(python.do("outcome", { on: pending }));
  assertEquals(outcome.raised, "ConnectionResetError");
});

const BACK_AGAIN = "The server comes back: connecting works again";
conformance({ layer, feature: BACK_AGAIN, serves: "aiomas" }, async (stage) => {
  const { address } = await serve(stage);
  removing(stage, address);
  await open(stage, address);
  await stage.python.kill();
  const opening = open(stage, address, { retryForMs: 10_000 });
  const python = stage.ctx.use(new PythonPeer());
  await serve({ ...stage, python }, address);
  assertEquals(await (await opening).send(["echo", 1]), 1);
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
    const content = ["echo", 1];
    assertEquals(await python.do("send", { on, content }), 1);
  },
);
