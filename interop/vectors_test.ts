import { assert, assertEquals } from "@std/assert";
import type { Codec } from "../channel/codecs/codec.ts";
import { memory } from "../transports/memory.ts";
import type { Connection, FrameReceiver } from "../transports/transport.ts";
import {
  callAiomas,
  CODECS,
  serveAiomas,
  type Session,
  sessionName,
  SESSIONS,
} from "./sessions.ts";
import { readVectors, type RecordedFrame } from "./vectors.ts";

const { recordings } = await readVectors();

/** Length of a frame's header, in hex. */
const HEADER = 8;

/** Says what aiomas said, and hears whether denomas says the same as then. */
class Replay implements FrameReceiver {
  /** Resolves when all has been said, and rejects when it was not the same. */
  readonly done: Promise<void>;
  readonly #connection: Connection;
  readonly #codec: Codec;
  readonly #left: RecordedFrame[];
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    connection: Connection,
    codec: Codec,
    frames: readonly RecordedFrame[],
  ) {
    this.#connection = connection;
    this.#codec = codec;
    this.#left = [...frames];
    const done = Promise.withResolvers<void>();
    this.done = done.promise;
    this.#resolve = done.resolve;
    this.#reject = done.reject;
    connection.start(this);
    this.#say();
  }

  #say(): void {
    while (this.#left[0]?.[0] === "aiomas") {
      const [, hex] = this.#left.shift()!;
      this.#connection.send(Uint8Array.fromHex(hex.slice(HEADER)));
    }
    if (this.#left.length === 0) this.#resolve();
  }

  frame(payload: Uint8Array): void {
    try {
      const [, hex = ""] = this.#left.shift() ?? [];
      const said = this.#codec.decode(payload.slice());
      const recorded = this.#codec.decode(
        Uint8Array.fromHex(hex.slice(HEADER)),
      );
      // What a hello tells of may be more by now.
      if (!(isHello(said) && isHello(recorded))) assertEquals(said, recorded);
      this.#say();
    } catch (error) {
      this.#reject(error);
    }
  }

  written(): void {}

  end(error: unknown): void {
    this.#reject(error ?? new Error("The connection ended too early"));
  }
}

function isHello(message: unknown): boolean {
  const [type, , content] = message as [number, number, unknown];
  return type === 0 && Array.isArray(content) && content[0] === "$/hello";
}

async function replayToServer(
  session: Session,
  frames: readonly RecordedFrame[],
): Promise<void> {
  const address = `local://${crypto.randomUUID()}`;
  await using serving = await serveAiomas(session, address);
  const connection = await memory.connect(serving.address);
  try {
    await new Replay(connection, CODECS[session.codec], frames).done;
  } finally {
    connection.close();
  }
}

async function replayToClient(
  session: Session,
  frames: readonly RecordedFrame[],
  results: unknown,
): Promise<void> {
  const accepted = Promise.withResolvers<Replay>();
  let connection: Connection | null = null;
  const listener = await memory.listen(
    `local://${crypto.randomUUID()}`,
    (it) => {
      connection = it;
      accepted.resolve(new Replay(it, CODECS[session.codec], frames));
    },
  );
  try {
    const calling = callAiomas(session, listener.address);
    await Promise.all([
      accepted.promise.then(({ done }) => done),
      calling.then((got) => assertEquals(got, results)),
    ]);
  } finally {
    (connection as Connection | null)?.close();
    await listener.close();
  }
}

for (const session of SESSIONS) {
  const name = sessionName(session);
  Deno.test(`recorded: ${name}`, async () => {
    const recording = recordings.find((it) => it.session === name);
    assert(recording !== undefined, "record it by 'deno task interop:record'");
    const { frames, results } = recording;
    assert(frames.length >= 10, `${frames.length} frames`);
    await (session.serves === "aiomas"
      ? replayToClient(session, frames, results)
      : replayToServer(session, frames));
  });
}

Deno.test("recorded frames begin with the length of what follows", () => {
  for (const { frames } of recordings) {
    for (const [, hex] of frames) {
      assertEquals(parseInt(hex.slice(0, HEADER), 16), hex.length / 2 - 4);
    }
  }
});
