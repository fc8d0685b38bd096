import type { Random } from "../../../testing/network/_random.ts";
import { randomInteger } from "../../../testing/network/_random.ts";
import type { CtxTlsOptions } from "../../../testing/ctx_contract.ts";
import { parseAddress } from "../../../transports/address.ts";
import { openBytes } from "../../../channel/fixtures/raw_peer.ts";
import { pick } from "../_values.ts";
import { encodeWire, type WireName } from "./wire.ts";

/** What is attacked below the frames. */
export interface ByteAttack {
  readonly address: string;
  readonly wire: WireName;
  readonly tls: CtxTlsOptions | undefined;
  readonly random: Random;
}

/** What a hostile peer may send in the place of frames. */
const KINDS = ["half frame", "claimed length", "garbage", "nothing"] as const;

/**
 * Connects, sends the beginning of something, and is silent, ends or resets.
 * Returns its kind, and what ends a connection that was left silent.
 */
export async function attackBytes(
  attack: ByteAttack,
): Promise<{ kind: string; close: () => Promise<void> }> {
  const { random, tls } = attack;
  const kind = pick(random, KINDS);
  const bytes = bytesOf(kind, attack);
  // What speaks no TLS at all is tried, too.
  const stream = tls !== undefined && random() < 0.7
    ? await openTls(attack.address, tls)
    : await openBytes(attack.address);
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await stream.close();
  };
  try {
    for (let at = 0; at < bytes.length;) {
      at += await stream.write(bytes.subarray(at, at + 7_000));
    }
    if (random() < 0.3) await stream.closeWrite();
  } catch (error) {
    // Cut off in the middle.
    if (!(error instanceof Error)) throw error;
  }
  if (random() < 0.6) await close();
  return { kind, close };
}

function bytesOf(
  kind: typeof KINDS[number],
  { random, wire }: ByteAttack,
): Uint8Array {
  const payload = encodeWire(wire, [0, 0, ["echo", ["x".repeat(300)], {}]]);
  switch (kind) {
    case "half frame": {
      const frame = withLength(payload, payload.length);
      return frame.subarray(0, randomInteger(random, 1, frame.length - 1));
    }
    case "claimed length":
      return withLength(
        payload,
        pick(random, [0, 2 ** 24, 2 ** 24 - 1, 2 ** 24 + 1, 2 ** 32 - 1]),
      );
    case "garbage":
      return Uint8Array.from(
        { length: randomInteger(random, 1, 200) },
        () => randomInteger(random, 0, 255),
      );
    case "nothing":
      return new Uint8Array();
  }
}

function withLength(payload: Uint8Array, length: number): Uint8Array {
  const frame = new Uint8Array(4 + payload.length);
  new DataView(frame.buffer).setUint32(0, length);
  frame.set(payload, 4);
  return frame;
}

/** What an attack needs of a stream of bytes. */
interface Bytes {
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void | Promise<void>;
}

/** A connection with TLS of Node's own, which names no protocol in it. */
async function openTls(
  address: string,
  { cert, key, caCerts }: CtxTlsOptions,
): Promise<Bytes> {
  const { connect } = await import("node:tls");
  const parsed = parseAddress(address);
  if (!("host" in parsed)) throw new TypeError("TLS is for TCP alone");
  const { host, port } = parsed;
  const socket = connect({
    ...{ host, port, cert, key, ca: caCerts },
    servername: "localhost",
  });
  const closed = new Promise<void>((resolve) => socket.on("close", resolve));
  // It is cut off, or resets: that is what it is for.
  socket.on("error", () => {});
  socket.resume();
  await Promise.race([
    new Promise<void>((resolve) => socket.on("secureConnect", resolve)),
    closed,
  ]);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => {
          if (error) reject(error);
          else resolve(bytes.length);
        });
      }),
    closeWrite: () => {
      socket.end();
      return Promise.resolve();
    },
    close: async () => {
      socket.destroy();
      await closed;
    },
  };
}
