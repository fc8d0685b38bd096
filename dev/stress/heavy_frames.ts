import { transportFor } from "../../transports/address.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import {
  framed,
  MAX_FRAME_BYTES,
} from "../../transports/fixtures/frame_stage.ts";
import type { FramedConnection } from "../../transports/frames/framed_connection.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { openConnection } from "../../rpc/deno.ts";
import { shuffle } from "../../testing/network/random.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { heavyKinds, heavyPayload, HOLE } from "../fixtures/hostile/heavy.ts";
import {
  decodeWire,
  encodeWire,
  type WireName,
} from "../fixtures/hostile/wire.ts";
import {
  type CodecName,
  type held,
  HoldingServer,
} from "./peers/holding_server.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "../shared/wait.ts";

/** The maximum wait of an honest client, in milliseconds. */
const LONGEST_MS = 3_000;
/** The maximum memory growth that one connection may cause in a server. */
const GROWN_BYTES = 512 * 2 ** 20;
/** The number of frames for each codec in a short run. */
const FEW = 4;

/**
 * Sends frames of the maximum length over one connection, with items that take
 * far more memory than bytes, to a server that holds them, while an honest
 * client waits. The server runs in a separate process.
 */
export async function sendHeavyFrames(world: TrialWorld): Promise<void> {
  for (const codec of ["json", "msgpack"] as const) {
    await sendTo(codec, world);
  }
}

async function sendTo(codec: CodecName, world: TrialWorld): Promise<void> {
  const { counters, name, random, isLong } = world;
  await using hold = await steer(
    () => new HoldingServer(),
    "holding_server.ts",
    world,
  );
  const address = await hold.remote.open(codec);
  await using honest = await openConnection<typeof held>(address, {
    codec: codec === "json" ? json() : msgpack(),
    timeoutMs: 60_000,
  });
  await honest.remote.ping();
  const before = await hold.remote.peakBytes();
  let line = await Line.open(address, codec);
  let connections = 1;
  const frames = shuffle(
    random,
    heavyKinds(codec).flatMap((kind) => WAYS.map((way) => ({ kind, way }))),
  );
  let longestMs = 0;
  for (const { kind, way } of frames.slice(0, isLong ? Infinity : FEW)) {
    if (!line.isOpen) {
      line = await Line.open(address, codec);
      connections++;
    }
    const message = await line.messageFor(way);
    line.send(heavyPayload(codec, kind, message, MAX_FRAME_BYTES));
    await line.written();
    counters.add("hostile: heavy, 16 MiB");
    // The first call waits for the frame, the second for its consequences.
    for (let count = 0; count < 2; count++) {
      const start = performance.now();
      await honest.remote.ping();
      const ms = performance.now() - start;
      longestMs = Math.max(longestMs, ms);
      if (ms > LONGEST_MS) {
        counters.breach(
          `${name}: an honest client waited ${
            ms.toFixed(0)
          } ms for a ${way} of ${kind} in ${codec}`,
        );
      }
      await rest(20);
    }
  }
  const grown = await hold.remote.peakBytes() - before;
  line.close();
  if (grown > GROWN_BYTES) {
    counters.breach(`${name}: a server grew by ${mib(grown)} with ${codec}`);
  }
  counters.note("heavy", [
    codec,
    frames.slice(0, isLong ? Infinity : FEW).length.toLocaleString("en"),
    `${longestMs.toFixed(0)} ms`,
    mib(grown),
    connections.toLocaleString("en"),
  ]);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** The messages that may contain a heavy list. */
const WAYS = ["call", "batch", "answer", "stray answer", "hello"] as const;

type Ask = readonly [type: number, id: number, content: [path: string]];

/** A hostile connection. */
class Line {
  isOpen = true;
  readonly #wire: WireName;
  readonly #connection: FramedConnection;
  #nextId = 0;
  #asked: Ask[] = [];
  #wake = () => {};

  private constructor(
    connection: FramedConnection,
    wire: WireName,
  ) {
    this.#connection = connection;
    this.#wire = wire;
    connection.start({
      frame: (payload) => {
        const message = decodeWire(wire, payload) as Ask;
        if (message[0] === 0) this.#asked.push(message);
        this.#wake();
      },
      written: () => this.#wake(),
      end: () => {
        this.isOpen = false;
        this.#wake();
      },
    });
  }

  static async open(address: string, wire: WireName): Promise<Line> {
    const connection = await transportFor(address, defaultTransports()).connect(
      address,
    );
    const line = new Line(framed(connection), wire);
    line.send(encodeWire(wire, [0, line.#nextId++, [
      "$/hello",
      [{ version: 1, features: ["streams", "references"] }],
      {},
    ]]));
    return line;
  }

  send(payload: Uint8Array): void {
    this.#connection.send(payload);
  }

  /** Resolves when everything is sent, or the connection has ended. */
  async written(): Promise<void> {
    while (this.isOpen && this.#connection.queuedBytes > 0) await this.#turn();
  }

  async #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await Promise.race([promise, rest(50)]);
  }

  /**
   * Returns a message with a hole. For an answer, it first makes the server
   * ask.
   */
  async messageFor(way: typeof WAYS[number]): Promise<unknown> {
    switch (way) {
      case "call":
        return [0, this.#nextId++, ["hold", [HOLE], {}]];
      case "stray answer":
        return [1, 999_999, HOLE];
      case "hello":
        return [0, this.#nextId++, ["$/hello", [{ features: HOLE }], {}]];
      case "answer": {
        const id = await this.#askedAfter("ask", "$/ref/0", "$/ref/");
        return [1, id, HOLE];
      }
      case "batch": {
        const path = `$/stream/${this.#nextId}`;
        const id = await this.#askedAfter("save", path, "$/next");
        return [1, id, { items: HOLE, done: false }];
      }
    }
  }

  async #askedAfter(
    method: string,
    reference: string,
    path: string,
  ): Promise<number> {
    const argument = { __type__: [0, reference] };
    this.send(encodeWire(this.#wire, [0, this.#nextId++, [
      method,
      [argument],
      {},
    ]]));
    for (let turns = 0; turns < 40 && this.isOpen; turns++) {
      const at = this.#asked.findIndex(([, , [asked]]) =>
        asked.startsWith(path)
      );
      if (at !== -1) return this.#asked.splice(at, 1)[0]![1];
      await this.#turn();
    }
    // The server refused to ask, so the message becomes a stray answer.
    return 0;
  }

  close(): void {
    this.#connection.close();
  }
}
