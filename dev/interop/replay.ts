import { assertEquals } from "@std/assert";
import {
  decodeFrame,
  type Exchange,
  type RecordedFrame,
  showFrame,
} from "./vectors.ts";

/**
 * Plays the part of aiomas in a recorded exchange: sends each of its frames
 * once all earlier frames of denomas have arrived, and compares those with the
 * record.
 */
export async function playAiomas(
  connection: Deno.Conn,
  { codec, frames }: Exchange,
): Promise<void> {
  for (const frame of frames) {
    if (frame.from === "aiomas") {
      await writeAll(connection, Uint8Array.fromHex(frame.hex));
    } else {
      const hex = await readFrame(connection);
      if (areHellos(codec, hex, frame)) continue;
      assertEquals({ ...frame, hex, shows: showFrame(codec, hex) }, frame);
    }
  }
}

/**
 * Returns whether both frames are hellos, which depend on this version of
 * denomas and are not compared.
 */
function areHellos(
  codec: Exchange["codec"],
  hex: string,
  frame: RecordedFrame,
): boolean {
  return [hex, frame.hex].every((it) => {
    const [, , content] = decodeFrame(codec, it) as unknown[];
    return Array.isArray(content) && content[0] === "$/hello";
  });
}

async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at));
  }
}

async function readFrame(connection: Deno.Conn): Promise<string> {
  const header = await readExactly(connection, 4);
  const length = new DataView(header.buffer).getUint32(0);
  const payload = await readExactly(connection, length);
  return header.toHex() + payload.toHex();
}

async function readExactly(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Error("denomas has closed the connection");
    at += read;
  }
  return bytes;
}
