import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Channel } from "../../../channel/channel.ts";
import { ConnectionClosedError } from "../../../channel/errors.ts";
import { openConnection, startServer } from "../../../channel/deno.ts";
import type { ConnectionOptions } from "../../../channel/open.ts";
import type { Server } from "../../../channel/server.ts";
import { ProtocolError } from "../../../transports/errors.ts";
import { commonRows, type LayerSides } from "../common_rows.ts";
import { checkGuide, rowsWith, type Stage } from "../conformance.ts";
import { serveChannel } from "../serve_channel.ts";
import { looseCodec } from "../support.ts";
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
  serveHere: async (stage, address) => (await serve(stage, address)).address,
};

async function serve(
  stage: Stage,
  address: string = stage.ctx.address,
): Promise<Server> {
  const options = { ...stage.ctx.options, ...loose(stage) };
  return stage.ctx.use(await startServer(address, serveChannel, options));
}

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
const toAiomas = rowsWith(layer, "aiomas", async (stage) => {
  const { handle, address } = stage.closing(await sides.serve(stage));
  return { channel: await open(stage, address), handle };
});

/** denomas serves, and aiomas has a channel to it. */
const toDenomas = rowsWith(layer, "denomas", async (stage) => {
  const server = await serve(stage);
  const on = stage.closing(await sides.openThere(stage, server.address));
  const send = (path: string, value: unknown) =>
    stage.python.ask("call", { on, path, args: [value] });
  return { send, there: () => [...server.channels][0]! };
});

const REQUESTS = "Requests and replies";
toAiomas(REQUESTS, async ({ channel }) => {
  assertEquals(await channel.send(["echo", PLAIN]), PLAIN);
  assertEquals(await channel.send(["hear", PLAIN]), PLAIN);
});
toDenomas(REQUESTS, async ({ send }) => {
  assertEquals(await send("echo", PLAIN), PLAIN);
  assertEquals(await send("hear", PLAIN), PLAIN);
});

const BACK = "Requests of the server";
toAiomas(BACK, async ({ channel, python, closing, handle }) => {
  const serving = serveChannel(channel);
  await channel.send(["echo", 1]);
  const on = closing(await python.ask<number>("client", { server: handle }));
  const call = { on, path: "echo", args: [PLAIN] };
  assertEquals(await python.ask("call", call), PLAIN);
  await channel.close();
  await serving;
});
toDenomas(BACK, async ({ there }) => {
  assertEquals(await there().send(["echo", PLAIN]), PLAIN);
});

const CLASSES = "Classes of your own";
toAiomas(CLASSES, async ({ channel }) => {
  assertEquals(await channel.send(["move", new Point(1, 2)]), new Point(2, 3));
  const shown = { $point: [1, 2] };
  assertEquals(await channel.send(["hear", new Point(1, 2)]), shown);
});
toDenomas(CLASSES, async ({ send }) => {
  const point = { $point: [1, 2] };
  assertEquals(await send("move", point), { $point: [2, 3] });
  assertEquals(await send("hear", point), point);
});

const GARBAGE = "A typed error for a frame that is no message";
toAiomas(GARBAGE, async ({ channel, ctx, python, codec }) => {
  // aiomas itself answers such a frame by closing the connection.
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
toDenomas(GARBAGE, async ({ ctx, python, there }) => {
  const address = there().localAddress;
  await python.ask("raw", { address, hex: "000000020102" });
  const [error] = ctx.takeHandlerErrors();
  assert(error instanceof ProtocolError, String(error));
});

commonRows(sides);

checkGuide(layer);
