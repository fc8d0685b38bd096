/**
 * What the yardsticks share: the least that sends frames over the sockets. No
 * limits, no checks, no errors, no orderly end; but nothing slow either:
 * no-delay, whole buffers, one write for all that one turn of the event loop
 * brings.
 */
import { parseAddress } from "../../../transports/address.ts";
import type { Serving } from "./subject.ts";

/** A connection over a socket. */
export type Conn = Deno.TcpConn | Deno.UnixConn;

const HEADER_BYTES = 4;
/** A connection begins with this; many that do little need no more. */
const FIRST_BYTES = 4 * 1024;
/** A read takes no more than this, but for larger frames. */
const MOST_BYTES = 256 * 1024;
/** As much as UTF-8 takes for a character of a string, at most. */
const BYTES_PER_CHARACTER = 3;

const encoder = new TextEncoder();

/**
 * Calls `onFrame` for each frame until the connection ends. The payload is a
 * view that is valid until `onFrame` returns.
 */
export async function readFrames(
  conn: Conn,
  onFrame: (payload: Uint8Array) => void,
): Promise<void> {
  let buffer = new Uint8Array(FIRST_BYTES);
  let view = new DataView(buffer.buffer);
  let end = 0;
  while (true) {
    const bytes = await conn.read(buffer.subarray(end)).catch(() => null);
    if (bytes === null) return;
    end += bytes;
    const isFull = end === buffer.length;
    let start = 0;
    let wanted = 0;
    while (end - start >= HEADER_BYTES) {
      wanted = HEADER_BYTES + view.getUint32(start);
      const next = start + wanted;
      if (next > end) break;
      onFrame(buffer.subarray(start + HEADER_BYTES, next));
      start = next;
    }
    if (wanted > buffer.length || isFull && end < MOST_BYTES) {
      const larger = new Uint8Array(2 * Math.max(wanted, buffer.length));
      larger.set(buffer.subarray(start, end));
      buffer = larger;
      view = new DataView(buffer.buffer);
    } else if (start > 0) {
      buffer.copyWithin(0, start, end);
    }
    end -= start;
  }
}

/** Sends frames; one write takes all that is there. */
export class FrameWriter {
  readonly #conn: Conn;
  #buffer = new Uint8Array(FIRST_BYTES);
  #spare = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #writing = false;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** Sends a text as UTF-8. */
  sendText(text: string): void {
    this.#reserve(text.length * BYTES_PER_CHARACTER);
    const { written } = encoder.encodeInto(
      text,
      this.#buffer.subarray(this.#length + HEADER_BYTES),
    );
    this.#finish(written);
  }

  /** Sends a number of 32 bits and bytes behind it. */
  sendBytes(id: number, bytes: Uint8Array): void {
    this.#reserve(4 + bytes.length);
    const at = this.#length + HEADER_BYTES;
    this.#putNumber(at, id);
    this.#buffer.set(bytes, at + 4);
    this.#finish(4 + bytes.length);
  }

  /** Sends a payload as it is. */
  sendPayload(payload: Uint8Array): void {
    this.#reserve(payload.length);
    this.#buffer.set(payload, this.#length + HEADER_BYTES);
    this.#finish(payload.length);
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + HEADER_BYTES + bytes;
    if (wanted <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * wanted);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  #putNumber(at: number, value: number): void {
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = value >>> 16;
    this.#buffer[at + 2] = value >>> 8;
    this.#buffer[at + 3] = value;
  }

  #finish(bytes: number): void {
    this.#putNumber(this.#length, bytes);
    this.#length += HEADER_BYTES + bytes;
    if (this.#writing) return;
    this.#writing = true;
    queueMicrotask(() => this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      while (this.#length > 0) {
        const batch = this.#buffer.subarray(0, this.#length);
        [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
        this.#length = 0;
        for (let at = 0; at < batch.length;) {
          at += await this.#conn.write(batch.subarray(at));
        }
      }
      this.#writing = false;
    } catch {
      // The connection is gone, which the reader sees, too.
    }
  }
}

/**
 * What waits for answers, by small numbers that are used again: an array is
 * faster than a map, which also keeps what was in it from an early collection.
 */
export class Pending<T> {
  readonly #resolvers: ((value: T) => void)[] = [];
  readonly #free: number[] = [];

  /** Adds what shall be told of the answer; returns its number. */
  add(resolve: (value: T) => void): number {
    const id = this.#free.pop() ?? this.#resolvers.length;
    this.#resolvers[id] = resolve;
    return id;
  }

  /** Tells of the answer, after which the number is free. */
  resolve(id: number, value: T): void {
    this.#resolvers[id]!(value);
    this.#free.push(id);
  }
}

/** Serves each connection by `onConn`, until that resolves. */
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
