/**
 * Shared code of the baselines: the fastest hand-written way to send frames
 * over sockets. It has no limits, no checks, no errors and no orderly end, but
 * nothing slow either: no-delay, whole buffers that are reused, and answers to
 * a burst sent in parts, so that both sides work at the same time.
 */
import { parseAddress } from "../../../transports/address.ts";
import type { Serving } from "./subject.ts";

/** A connection over a socket. */
export type Conn = Deno.TcpConn | Deno.UnixConn;

/** The size of the length field before each frame. */
export const HEADER_BYTES = 4;
/** Enough for a mostly idle connection; larger buffers take time to create. */
export const SMALL_BYTES = 4 * 1024;
/** Enough for a burst: a full small buffer grows to this size at once. */
export const LARGE_BYTES = 256 * 1024;
/** The maximum UTF-8 bytes per character of a string. */
const BYTES_PER_CHARACTER = 3;
/** ASCII text up to this length is written without the encoder. */
const PLAIN_LENGTH = 128;
/**
 * Payloads from this size on are not copied: that takes longer than a write.
 */
const ALONE_BYTES = 256 * 1024;
/** The number of frames to send at once, while later ones are still created. */
export const FRAMES_A_PART = 16;

const encoder = new TextEncoder();

/** Reused buffers, since new ones must be zeroed and collected. */
const small: Uint8Array<ArrayBuffer>[] = [];
const large: Uint8Array<ArrayBuffer>[] = [];

/** Returns a buffer of at least `bytes` bytes, with arbitrary content. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= SMALL_BYTES) return small.pop() ?? new Uint8Array(SMALL_BYTES);
  const at = large.findIndex(({ length }) => length >= bytes);
  return at === -1 ? new Uint8Array(bytes) : large.splice(at, 1)[0]!;
}

/** Returns a buffer to the pool. */
export function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  (buffer.length === SMALL_BYTES ? small : large).push(buffer);
}

/**
 * Returns a larger buffer with the bytes from `start` to `end` of a full one.
 */
export function grow(
  buffer: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const larger = takeBuffer(
    buffer.length < LARGE_BYTES ? LARGE_BYTES : 2 * buffer.length,
  );
  larger.set(buffer.subarray(start, end));
  giveBuffer(buffer);
  return larger;
}

/** Reads a 32-bit number. */
export function readNumber(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) +
    (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

/**
 * Calls `onFrame` for each frame until the connection ends. The payload is a
 * view that is valid until the next turn of the event loop.
 */
export async function readFrames(
  conn: Conn,
  onFrame: (payload: Uint8Array) => void,
): Promise<void> {
  let buffer = takeBuffer(SMALL_BYTES);
  let end = 0;
  try {
    while (true) {
      const bytes = await conn.read(buffer.subarray(end));
      if (bytes === null) break;
      end += bytes;
      const isFull = end === buffer.length;
      let start = 0;
      while (end - start >= HEADER_BYTES) {
        const next = start + HEADER_BYTES + readNumber(buffer, start);
        if (next > end) break;
        onFrame(buffer.subarray(start + HEADER_BYTES, next));
        start = next;
      }
      if (isFull && (start === 0 || buffer.length < LARGE_BYTES)) {
        buffer = grow(buffer, start, end);
      } else if (start > 0) {
        buffer = moveRest(buffer, start, end);
      }
      end -= start;
    }
  } catch {
    // The connection was closed on this side.
  }
  giveBuffer(buffer);
}

/** Moves the bytes of an incomplete frame to the start of a buffer. */
function moveRest(
  buffer: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  if (buffer.length <= SMALL_BYTES) {
    if (start < end) buffer.copyWithin(0, start, end);
    return buffer;
  }
  // The views of the frames must stay valid during the next read.
  const other = takeBuffer(buffer.length);
  if (start < end) other.set(buffer.subarray(start, end));
  giveBuffer(buffer);
  return other;
}

/** A sequence of bytes to write. */
interface Batch {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly length: number;
  /** A payload that follows in a separate write. */
  readonly payload: Uint8Array | null;
}

/** Sends frames in order. */
export class FrameWriter {
  readonly #conn: Conn;
  /** Complete batches that wait for the current write. */
  readonly #batches: Batch[] = [];
  #buffer = takeBuffer(SMALL_BYTES);
  #length = 0;
  #frames = 0;
  #isWriting = false;
  #isScheduled = false;
  #writing = Promise.resolve();

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** Sends a text as UTF-8. */
  sendText(text: string): void {
    this.#reserve(text.length * BYTES_PER_CHARACTER);
    const at = this.#length + HEADER_BYTES;
    this.#finish(
      this.#putPlain(text, at)
        ? text.length
        : encoder.encodeInto(text, this.#buffer.subarray(at)).written,
    );
  }

  /** Sends a 32-bit number followed by bytes. */
  sendBytes(id: number, bytes: Uint8Array): void {
    const isAlone = bytes.length >= ALONE_BYTES;
    this.#reserve(4 + (isAlone ? 0 : bytes.length));
    const at = this.#length + HEADER_BYTES;
    this.#putNumber(at, id);
    if (!isAlone) this.#buffer.set(bytes, at + 4);
    this.#finish(4 + bytes.length, isAlone ? bytes : null);
  }

  /** Resolves when the bytes of the current write are out. */
  written(): Promise<void> {
    return this.#writing;
  }

  /** Returns the buffer to the pool: nothing may be sent afterwards. */
  release(): void {
    giveBuffer(this.#buffer);
  }

  #reserve(bytes: number): void {
    while (this.#length + HEADER_BYTES + bytes > this.#buffer.length) {
      this.#buffer = grow(this.#buffer, 0, this.#length);
    }
  }

  #putPlain(text: string, at: number): boolean {
    const { length } = text;
    if (length > PLAIN_LENGTH) return false;
    const buffer = this.#buffer;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[at + index] = unit;
    }
    return true;
  }

  #putNumber(at: number, value: number): void {
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = value >>> 16;
    this.#buffer[at + 2] = value >>> 8;
    this.#buffer[at + 3] = value;
  }

  /** Completes a frame of `bytes` bytes, the last of which are in `alone`. */
  #finish(bytes: number, alone: Uint8Array | null = null): void {
    this.#putNumber(this.#length, bytes);
    this.#length += HEADER_BYTES + bytes - (alone?.length ?? 0);
    this.#frames++;
    if (alone !== null) this.#batches.push(this.#take(alone));
    if (this.#isWriting) return;
    if (this.#frames === FRAMES_A_PART) {
      this.#write();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(() => {
        this.#isScheduled = false;
        if (!this.#isWriting) this.#write();
      });
    }
  }

  #take(payload: Uint8Array | null = null): Batch {
    const batch = { buffer: this.#buffer, length: this.#length, payload };
    this.#buffer = takeBuffer(batch.buffer.length);
    this.#length = this.#frames = 0;
    return batch;
  }

  #write(): void {
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      while (true) {
        const batch = this.#batches.shift() ??
          (this.#length > 0 ? this.#take() : null);
        if (batch === null) break;
        const { buffer, length, payload } = batch;
        await writeAll(this.#conn, buffer.subarray(0, length));
        giveBuffer(buffer);
        if (payload !== null) await writeAll(this.#conn, payload);
      }
      this.#isWriting = false;
    } catch {
      // The connection is gone; the reader sees that, too.
    }
  }
}

/** Writes all bytes. */
export async function writeAll(conn: Conn, bytes: Uint8Array): Promise<void> {
  let at = await conn.write(bytes);
  while (at < bytes.length) at += await conn.write(bytes.subarray(at));
}

/**
 * Pending calls, by small numbers that are reused. An array is faster than a
 * map, and a map would also retain its old entries for longer.
 */
export class Pending<T> {
  readonly #resolvers: ((value: T) => void)[] = [];
  readonly #free: number[] = [];

  /** Adds a callback for the answer; returns its number. */
  add(resolve: (value: T) => void): number {
    const id = this.#free.pop() ?? this.#resolvers.length;
    this.#resolvers[id] = resolve;
    return id;
  }

  /** Passes the answer to its callback, and frees the number. */
  resolve(id: number, value: T): void {
    this.#resolvers[id]!(value);
    this.#free.push(id);
  }
}

/** Serves each connection with `onConn`, until that resolves. */
export function serveConns(
  address: string,
  onConn: (conn: Conn) => Promise<void>,
): Serving {
  const listener = listen(address);
  const conns = new Set<Conn>();
  const close = (conn: Conn) => {
    if (conns.delete(conn)) conn.close();
  };
  let isOpen = true;
  accept(listener, async (conn) => {
    conns.add(conn);
    await onConn(conn);
    close(conn);
  });
  return {
    address: realAddress(address, listener),
    [Symbol.asyncDispose]: () => {
      if (isOpen) listener.close();
      isOpen = false;
      for (const conn of conns) close(conn);
      return Promise.resolve();
    },
  };
}

function listen(address: string): Deno.Listener {
  const parsed = parseAddress(address);
  if ("host" in parsed) {
    return Deno.listen({ hostname: parsed.host, port: parsed.port });
  }
  if ("path" in parsed) {
    return Deno.listen({ transport: "unix", path: parsed.path });
  }
  throw new TypeError(`Cannot listen on '${address}': it is no socket`);
}

function realAddress(address: string, { addr }: Deno.Listener): string {
  return addr.transport === "tcp"
    ? `tcp://${addr.hostname}:${addr.port}`
    : address;
}

/** Connects, with no-delay on. */
export async function connectConn(address: string): Promise<Conn> {
  const parsed = parseAddress(address);
  if ("host" in parsed) {
    const { host, port } = parsed;
    const conn = await Deno.connect({ hostname: host, port });
    conn.setNoDelay(true);
    return conn;
  }
  if ("path" in parsed) {
    return await Deno.connect({ transport: "unix", path: parsed.path });
  }
  throw new TypeError(`Cannot connect to '${address}': it is no socket`);
}

async function accept(
  listener: Deno.Listener,
  onConn: (conn: Conn) => void,
): Promise<void> {
  try {
    for await (const conn of listener) {
      if (conn.localAddr.transport === "tcp") {
        (conn as Deno.TcpConn).setNoDelay(true);
      }
      onConn(conn as Conn);
    }
  } catch (error) {
    // The listener was closed.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
