import { schemeOf } from "./address.ts";
import { Chunks } from "./_chunks.ts";
import { AddressInUseError, ConnectError, DenomasError } from "./errors.ts";
import { observed } from "./_observers.ts";
import type {
  ByteStream,
  Connection,
  Listener,
  Transport,
} from "./transport.ts";
import { world } from "./_world.ts";

/**
 * Returns a transport that carries bytes through queues within this process, at
 * `local://name`. Each Worker has its own names.
 *
 * It behaves like a socket: bytes are copied, delivery is asynchronous, and a
 * writer waits while 256 KiB are unread. Deliveries keep one order across all
 * connections, turn by turn of the event loop, so that runs repeat and timers
 * do not starve. Needs no permission.
 */
export function memory(): Transport {
  return {
    scheme: "local",
    listen: (...args) => (world.memory ?? plainMemory).listen(...args),
    connect: (...args) => (world.memory ?? plainMemory).connect(...args),
  };
}

/** Like {@linkcode memory}, but a simulator does not replace it. */
export const plainMemory: Transport = { scheme: "local", listen, connect };

/** The capacity of one direction before its writer waits. */
const CAPACITY_BYTES = 256 * 1024;

let deliveries: (() => void)[] = [];

/** Runs `delivery` in the next turn, in one order across all connections. */
function deliver(delivery: () => void): void {
  // In a simulation, each delivery belongs to a node and is dropped if the node
  // crashes. So no delivery of another node may wait behind it.
  if (world.memory !== undefined) return world.defer(delivery);
  deliveries.push(delivery);
  if (deliveries.length === 1) world.defer(deliverAll);
}

function deliverAll(): void {
  const due = deliveries;
  deliveries = [];
  for (const delivery of due) delivery();
}

/**
 * The servers by address. All memory transports of the process share this
 * table.
 */
const servers = new Map<string, (end: Connection) => void>();

// deno-lint-ignore require-await -- it must reject, not throw
async function listen(
  address: string,
  accept: (end: Connection) => void,
): Promise<Listener> {
  checkAddress(address);
  if (servers.has(address)) {
    throw new AddressInUseError(
      `Cannot listen on '${address}': another server of this process has that name, choose another or close it first`,
      { address },
    );
  }
  let isOpen = true;
  const listener: Listener = {
    address,
    close: () => {
      if (isOpen) {
        servers.delete(address);
        observed.by?.closed(listener);
      }
      isOpen = false;
      return Promise.resolve();
    },
    // Work in memory gives a process no event to wait for.
    ref: () => {},
    unref: () => {},
  };
  servers.set(address, accept);
  observed.by?.opened(listener, "listener", () => address);
  return listener;
}

async function connect(
  address: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Connection> {
  checkAddress(address);
  signal?.throwIfAborted();
  const [near, far] = memoryPair(address);
  const isAccepted = await new Promise<boolean>((resolve) =>
    deliver(() => {
      const accept = servers.get(address);
      accept?.(far);
      resolve(accept !== undefined);
    })
  );
  if (signal?.aborted) {
    near.stream.close();
    throw signal.reason;
  }
  if (!isAccepted) {
    throw new ConnectError(
      `Cannot connect to '${address}': no server of this process has that name, start it first`,
      { address },
    );
  }
  return near;
}

function checkAddress(address: string): void {
  if (/^local:\/\/[^\s/]+$/.test(address)) return;
  schemeOf(address);
  throw new TypeError(
    `Cannot use address '${address}': the memory transport needs 'local://name' with a name without spaces and '/'`,
  );
}

let connections = 0;

/**
 * Returns both ends of a connection without a server. `far` is at `address`.
 */
export function memoryPair(
  address: string,
): [near: Connection, far: Connection] {
  const nearAddress = `${address}#${++connections}`;
  const [near, far] = memoryStreams();
  return [
    { stream: near, localAddress: nearAddress, remoteAddress: address },
    { stream: far, localAddress: address, remoteAddress: nearAddress },
  ];
}

/** Returns both ends of a byte stream within this process. */
export function memoryStreams(): [near: ByteStream, far: ByteStream] {
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
  readonly #chunks: Chunks = new Chunks();
  #reading: PendingRead | null = null;
  #wakeWriter: (() => void) | null = null;
  /** The number of bytes on their way to the peer, or unread there. */
  #unread = 0;
  /** Whether the peer will send no more. */
  #ended = false;
  #closed = false;

  // Not async: each read would take two more microtasks.
  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reading = { into, resolve, reject };
      this.#answerRead();
    });
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#unread >= CAPACITY_BYTES && !this.#closed) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#closed) throw closedError();
    const chunk = bytes.slice(0, CAPACITY_BYTES - this.#unread);
    this.#unread += chunk.length;
    deliver(() => this.peer.#receive(chunk));
    return chunk.length;
  }

  closeWrite(): Promise<void> {
    deliver(() => this.peer.#receive(null));
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunks.clear();
    this.#answerRead();
    this.#wakeWriter?.();
    deliver(() => this.peer.#receive(null));
  }

  ref(): void {}
  unref(): void {}

  /** Receives a chunk from the peer, or `null` for the end. */
  #receive(chunk: Uint8Array | null): void {
    if (chunk === null) this.#ended = true;
    else if (!this.#closed) this.#chunks.push(chunk);
    this.#answerRead();
  }

  #answerRead(): void {
    const reading = this.#reading;
    if (reading === null) return;
    if (this.#closed) reading.reject(closedError());
    else if (!this.#chunks.isEmpty) reading.resolve(this.#take(reading.into));
    else if (this.#ended) reading.resolve(null);
    else return;
    this.#reading = null;
  }

  #take(into: Uint8Array): number {
    const taken = this.#chunks.take(into);
    this.peer.#unread -= taken;
    this.peer.#wakeWriter?.();
    return taken;
  }
}

function closedError(): DenomasError {
  return new DenomasError("Cannot use a memory stream: it is closed");
}
