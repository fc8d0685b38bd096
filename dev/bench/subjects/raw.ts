/**
 * The other baseline: frames of bytes that are echoed unchanged, which is the
 * upper limit for any way to send frames over sockets. The server writes
 * directly from its read buffer, and the client returns views.
 */
import {
  type Conn,
  connectConn,
  FRAMES_A_PART,
  FrameWriter,
  giveBuffer,
  grow,
  HEADER_BYTES,
  Pending,
  readFrames,
  readNumber,
  serveConns,
  SMALL_BYTES,
  takeBuffer,
  writeAll,
} from "./_frames.ts";
import type { Subject } from "./subject.ts";

/** As long as a question in JSON. */
const QUESTION = new Uint8Array(26);

/** Writes the number that identifies a call; the bytes are copied when sent. */
function question(n: number): Uint8Array {
  QUESTION[0] = n >>> 24;
  QUESTION[1] = n >>> 16;
  QUESTION[2] = n >>> 8;
  QUESTION[3] = n;
  return QUESTION;
}

/** Echoed bytes, with one promise per call and no format. */
export const raw: Subject = {
  name: "raw",
  payload: "bytes",
  serve: (address) => Promise.resolve(serveConns(address, sendFramesBack)),
  connect: async (address) => {
    const conn = await connectConn(address);
    const writer = new FrameWriter(conn);
    const pending = new Pending<Uint8Array>();
    readFrames(
      conn,
      (payload) => pending.resolve(readNumber(payload, 0), payload.subarray(4)),
    );
    return {
      call: ({ n }) =>
        new Promise((resolve) => {
          const id = pending.add((back) =>
            resolve({ greeting: "", n: readNumber(back, 0) })
          );
          writer.sendBytes(id, question(n));
        }),
      echo: (payload) =>
        new Promise((resolve) => {
          writer.sendBytes(pending.add(resolve), payload as Uint8Array);
        }),
      [Symbol.asyncDispose]: () => {
        conn.close();
        writer.release();
        return Promise.resolve();
      },
    };
  },
};

/** Echoes all frames that a read has completed, until the end. */
async function sendFramesBack(conn: Conn): Promise<void> {
  let buffer = takeBuffer(SMALL_BYTES);
  let end = 0;
  let writing = Promise.resolve();
  try {
    while (true) {
      const bytes = await conn.read(buffer.subarray(end));
      if (bytes === null) break;
      end += bytes;
      const isFull = end === buffer.length;
      const frames = endsOfFrames(buffer, end);
      const last = frames.at(-1) ?? 0;
      if (last > 0) {
        const batch = buffer;
        await writing;
        buffer = takeBuffer(batch.length);
        buffer.set(batch.subarray(last, end));
        end -= last;
        writing = writeInParts(conn, batch, frames);
      }
      if (isFull) buffer = grow(buffer, 0, end);
    }
    await writing;
  } catch {
    // The connection was closed on this side.
  }
  giveBuffer(buffer);
}

/** Returns the end of each complete frame. */
function endsOfFrames(buffer: Uint8Array, end: number): number[] {
  const ends: number[] = [];
  let at = 0;
  while (end - at >= HEADER_BYTES) {
    at += HEADER_BYTES + readNumber(buffer, at);
    if (at > end) break;
    ends.push(at);
  }
  return ends;
}

/** Writes frames, and returns their buffer to the pool. */
async function writeInParts(
  conn: Conn,
  buffer: Uint8Array<ArrayBuffer>,
  frames: readonly number[],
): Promise<void> {
  const last = frames.at(-1)!;
  const first = frames[FRAMES_A_PART - 1] ?? last;
  await writeAll(conn, buffer.subarray(0, first));
  if (first < last) await writeAll(conn, buffer.subarray(first, last));
  giveBuffer(buffer);
}
