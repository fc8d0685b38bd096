import { assertEquals } from "@std/assert";
import {
  type Exchange,
  RECORDED,
  type VectorFile,
  vectorFile,
} from "../vectors.ts";
import { playAiomas } from "../replay.ts";
import { callAiomas, serveAiomas, type Session } from "../sessions.ts";

/** The time limit of a replay, in milliseconds. */
const TIMEOUT_MS = 10_000;

for (const wanted of RECORDED) {
  const { layer, codec, serves } = wanted;
  Deno.test({
    name:
      `${layer} over ${codec} passes the frames that were recorded, ${serves} serves`,
    sanitizeOps: true,
    sanitizeResources: true,
    timeout: TIMEOUT_MS,
    fn: async () => {
      const exchange = await read(wanted);
      if (serves === "aiomas") await replayServer(exchange);
      else await replayClient(exchange);
    },
  });
}

async function read(wanted: Omit<Exchange, "frames">): Promise<Exchange> {
  const { exchanges }: VectorFile = JSON.parse(
    await Deno.readTextFile(vectorFile(wanted)),
  );
  const { frames } = exchanges.find(({ serves }) => serves === wanted.serves)!;
  assertEquals(new Set(frames.map(({ from }) => from)).size, 2);
  return { ...wanted, frames };
}

async function replayServer(exchange: Exchange & Session): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `tcp://127.0.0.1:${listener.addr.port}`;
  const attempt = async (_meaning: string, act: () => Promise<unknown>) => {
    await act();
  };
  const playing = (async () => {
    using connection = await listener.accept();
    await playAiomas(connection, exchange);
    // Wait until the other side is done.
    await connection.read(new Uint8Array(1));
  })();
  await Promise.all([
    playing,
    callAiomas(exchange, address, attempt),
  ]);
}

async function replayClient(exchange: Exchange & Session): Promise<void> {
  await using served = await serveAiomas(exchange);
  const { hostname, port } = new URL(served.address.replace("tcp", "http"));
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await playAiomas(connection, exchange);
}
