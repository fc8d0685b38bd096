/**
 * The other yardstick: frames of bytes that are sent back as they are. What
 * nothing goes past that sends frames over sockets at all.
 */
import {
  connectConn,
  FrameWriter,
  Pending,
  readFrames,
  serveConns,
} from "./_frames.ts";
import type { Subject } from "./subject.ts";

/** As long as a question in JSON, with what tells calls apart. */
const QUESTION = new Uint8Array(26);

/** Bytes there and back, a promise a call, and no format. */
export const raw: Subject = {
  name: "raw",
  payload: "bytes",
  serve: (address) =>
    Promise.resolve(serveConns(address, (conn) => {
      const writer = new FrameWriter(conn);
      return readFrames(conn, (payload) => writer.sendPayload(payload));
    })),
  connect: async (address) => {
    const conn = await connectConn(address);
    const writer = new FrameWriter(conn);
    const pending = new Pending<Uint8Array>();
    readFrames(
      conn,
      (payload) => pending.resolve(readNumber(payload), payload.slice(4)),
    );
    const ask = (bytes: Uint8Array) =>
      new Promise<Uint8Array>((resolve) => {
        writer.sendBytes(pending.add(resolve), bytes);
      });
    return {
      call: async ({ n }) => {
        const question = QUESTION.slice();
        new DataView(question.buffer).setUint32(0, n);
        return { greeting: "", n: readNumber(await ask(question)) };
      },
      echo: (payload) => ask(payload as Uint8Array),
      [Symbol.asyncDispose]: () => {
        conn.close();
        return Promise.resolve();
      },
    };
  },
};

function readNumber(bytes: Uint8Array): number {
  return bytes[0]! * 2 ** 24 + (bytes[1]! << 16) + (bytes[2]! << 8) + bytes[3]!;
}
