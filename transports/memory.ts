import { deliver } from "./_deliveries.ts";
import { parseAddress } from "./address.ts";
import {
  type ByteEnd,
  type ByteTransport,
  framed,
} from "./frames/_byte_transport.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import {
  type ByteStream,
  frameConnection,
} from "./frames/framed_connection.ts";
import { observed } from "./_observers.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
} from "./transport.ts";

/** The bytes below {@linkcode memory}. */
export const memoryBytes: ByteTransport = { scheme: "local", listen, connect };

/**
 * Frames through queues within this process (more exactly: this realm; a
 * Worker has its own), at `local://name`.
 *
 * It behaves as a socket does: bytes are copied, delivery is asynchronous,
 * and a writer waits while 256 KiB are unread. What is sent is delivered in
 * one order across all connections, in turns of the event loop, so that runs
 * repeat and timers are not starved. Needs no permission.
 */
export const memory: Transport = framed(memoryBytes);

/** What one direction holds before its writer waits, as a socket does. */
const CAPACITY_BYTES = 256 * 1024;

/** The names in use: the one table that the transports share by design. */
const listeners = new Map<string, MemoryListener>();

// deno-lint-ignore require-await -- what it throws shall be a rejection
async function listen(
  address: string,
  accept: (end: ByteEnd) => void,
): Promise<Listener> {
  const name = parse(address);
  if (listeners.has(name)) {
    throw new AddressInUseError(
      `Cannot listen on '${address}': another server of this process has that name, choose another or close it first`,
      { address },
    );
  }
  const listener = new MemoryListener(address, name, accept);
  listeners.set(name, listener);
  return listener;
}

let connections = 0;

async function connect(
  address: string,
  options: TransportConnectOptions = {},
): Promise<ByteEnd> {
  const name = parse(address);
  options.signal?.throwIfAborted();
  const clientAddress = `${address}#${++connections}`;
  const [near, far] = createPair();
  const accepted = await new Promise<boolean>((resolve) =>
    deliver(() => {
      resolve(listeners.get(name)?.accept(far, clientAddress) ?? false);
    })
  );
  if (options.signal?.aborted) {
    near.close();
    throw options.signal.reason;
  }
  if (!accepted) {
    throw new ConnectError(
      `Cannot connect to '${address}': no server of this process has that name, start it first or set 'retryForMs'`,
      { address },
    );
  }
  return {
    stream: near,
    localAddress: clientAddress,
    remoteAddress: address,
  };
}

function parse(address: string): string {
  const parsed = parseAddress(address);
  if (parsed.scheme === "local") return parsed.name;
  throw new TypeError(
    `Cannot use address '${address}': the memory transport wants 'local://name'`,
  );
}

class MemoryListener implements Listener {
  readonly address: string;
  readonly #name: string;
  readonly #accept: (end: ByteEnd) => void;

  constructor(
    address: string,
    name: string,
    accept: (end: ByteEnd) => void,
  ) {
    this.address = address;
    this.#name = name;
    this.#accept = accept;
    observed.by?.opened(this, "listener", () => address);
  }

  accept(stream: ByteStream, remoteAddress: string): true {
    this.#accept({ stream, localAddress: this.address, remoteAddress });
    return true;
  }

  close(): Promise<void> {
    if (listeners.get(this.#name) === this) {
      listeners.delete(this.#name);
      observed.by?.closed(this);
    }
    return Promise.resolve();
  }

  // A process whose only work is in memory has nothing left to wait for.
  ref(): void {}
  unref(): void {}
}

/**
 * Two ends of a connection that no server takes part in; `address` names the
 * far one.
 */
export function memoryPair(
  address: string,
  maxFrameBytes: number,
): [near: Connection, far: Connection] {
  const nearAddress = `${address}#${++connections}`;
  const [near, far] = createPair();
  return [
    frameConnection(near, {
      localAddress: nearAddress,
      remoteAddress: address,
      maxFrameBytes,
    }),
    frameConnection(far, {
      localAddress: address,
      remoteAddress: nearAddress,
      maxFrameBytes,
    }),
  ];
}

function createPair(): [MemoryStream, MemoryStream] {
  const near = new MemoryStream();
  const far = new MemoryStream();
  near.peer = far;
  far.peer = near;
  return [near, far];
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (bytes: number | null) => void;
  readonly reject: (error: Error) => void;
}

/** One end of a pair of queues of bytes. */
class MemoryStream implements ByteStream {
  peer!: MemoryStream;
  readonly #chunks: Uint8Array[] = [];
  #reading: PendingRead | null = null;
  /** Bytes under way to the peer, or unread there. */
  #unread = 0;
  #waitingForRoom: (() => void) | null = null;
  /** The peer will send no more. */
  #ended = false;
  #closed = false;

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closedError();
      this.#reading = { into, resolve, reject };
      this.#answerRead();
    });
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#unread >= CAPACITY_BYTES && !this.#closed) {
      await new Promise<void>((resolve) => this.#waitingForRoom = resolve);
    }
    if (this.#closed) throw closedError();
    const chunk = bytes.slice(0, CAPACITY_BYTES - this.#unread);
    this.#unread += chunk.length;
    deliver(() => this.peer.#receive(chunk));
    return chunk.length;
  }

  closeWrite(): Promise<void> {
    deliver(() => this.peer.#end());
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunks.length = 0;
    this.#reading?.reject(closedError());
    this.#reading = null;
    this.#makeRoom();
    deliver(() => this.peer.#end());
  }

  ref(): void {}
  unref(): void {}

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#chunks.push(chunk);
    this.#answerRead();
  }

  #end(): void {
    this.#ended = true;
    this.#answerRead();
  }

  #answerRead(): void {
    const reading = this.#reading;
    if (reading === null || (this.#chunks.length === 0 && !this.#ended)) return;
    this.#reading = null;
    reading.resolve(this.#chunks.length > 0 ? this.#take(reading.into) : null);
  }

  /** Moves as much as fits from the chunks to `into`. */
  #take(into: Uint8Array): number {
    let taken = 0;
    let whole = 0;
    while (whole < this.#chunks.length && taken < into.length) {
      const chunk = this.#chunks[whole]!;
      const part = chunk.subarray(0, into.length - taken);
      into.set(part, taken);
      taken += part.length;
      if (part.length === chunk.length) whole++;
      else this.#chunks[whole] = chunk.subarray(part.length);
    }
    // Once a read: there may be very many, each of them short.
    this.#chunks.splice(0, whole);
    this.peer.#unread -= taken;
    this.peer.#makeRoom();
    return taken;
  }

  #makeRoom(): void {
    this.#waitingForRoom?.();
    this.#waitingForRoom = null;
  }
}

function closedError(): Error {
  return new Deno.errors.BadResource("Memory stream is closed");
}
