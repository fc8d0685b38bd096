import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Channel } from "../../../channel/channel.ts";
import { ConnectionClosedError } from "../../../channel/errors.ts";
import { openConnection } from "../../../channel/deno.ts";
import type { ConnectionOptions } from "../../../channel/open.ts";
import { ProtocolError } from "../../../transports/errors.ts";
import { commonRows, type LayerSides, type Options } from "../common_rows.ts";
import { checkGuide, conformance, type Stage } from "../conformance.ts";
import { serveChannel } from "../serve_channel.ts";
import { denomasProcess, looseCodec, type Served } from "../support.ts";
import { Point, pointSerializer } from "../things.ts";
import { PLAIN } from "../values.ts";

const layer = "channel";

const sides: LayerSides = {
  layer,
  serve: ({ python, ctx, codec }, address = ctx.address) =>
    python.ask("serve", { layer, address, codec, points: true }),
  open: async (stage, address, retryForMs = 0) => {
    const channel = await open(stage, address, { retryForMs });
    return (path, value = null) => channel.send([path, value]);
  },
  openThere: ({ python, codec }, address) =>
    python.ask<number>("open", { layer, address, codec, points: true }),
  serveHere: async (stage) =>
    (await stage.ctx.startServer(serveChannel, loose(stage))).address,
};

function loose(stage: Stage): ConnectionOptions {
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

/** aiomas serves, and denomas has a channel to it. */
function toAiomas(
  feature: string,
  body: (channel: Channel, stage: Stage, served: Served) => Promise<void>,
  options: Options = {},
): void {
  const serves = "aiomas";
  conformance({ layer, feature, serves, ...options }, async (stage) => {
    const served = stage.closing(await sides.serve(stage));
    await body(await open(stage, served.address), stage, served);
  });
}

/** denomas serves, and aiomas has a channel to it. */
function toDenomas(
  feature: string,
  body: (
    send: (what: string, value: unknown) => Promise<unknown>,
    stage: Stage,
    there: () => Channel,
  ) => Promise<void>,
): void {
  conformance({ layer, feature, serves: "denomas" }, async (stage) => {
    const { ctx, python } = stage;
    const server = await ctx.startServer(serveChannel, loose(stage));
    const on = stage.closing(await sides.openThere(stage, server.address));
    const send = (path: string, value: unknown) =>
      python.ask("call", { on, path, args: [value] });
    await body(send, stage, () => [...server.channels][0]!);
  });
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
  const on = closing(await python.ask<number>("client", { server: handle }));
  const call = { on, path: "echo", args: [PLAIN] };
  assertEquals(await python.ask("call", call), PLAIN);
  await channel.close();
  await serving;
});
toDenomas(BACK, async (_send, _stage, there) => {
  assertEquals(await there().send(["echo", PLAIN]), PLAIN);
});

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

const GARBAGE = "A typed error for a frame that is no message";
toAiomas(GARBAGE, async (channel, { ctx, python, codec }) => {
  // As it is for who sends such a frame to aiomas.
  const address = channel.remoteAddress;
  const answer = await python.ask("raw", { address, hex: "000000020102" });
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
toDenomas(GARBAGE, async (_send, { ctx, python }, there) => {
  const address = there().localAddress;
  await python.ask("raw", { address, hex: "000000020102" });
  const [error] = ctx.takeHandlerErrors();
  assert(error instanceof ProtocolError, String(error));
});

commonRows(sides);

const again = "The server comes back: connecting works again";
conformance(
  { layer, feature: again, serves: "denomas" },
  async (stage) => {
    const { ctx, python, codec } = stage;
    const first = await denomasProcess(stage, layer, ctx.address);
    const args = { layer, address: first.line, codec };
    stage.closing(await python.ask<number>("open", args));
    await first.kill();
    await denomasProcess(stage, layer, first.line);
    const on = stage.closing(await python.ask<number>("open", args));
    const call = { on, path: "echo", args: [1] };
    assertEquals(await python.ask("call", call), 1);
  },
);

checkGuide(layer);
