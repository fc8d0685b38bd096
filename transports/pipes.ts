import { AddressInUseError, ConnectError, DenomasError } from "./errors.ts";
import type {
  ByteStream,
  Connection,
  Listener,
  Transport,
} from "./transport.ts";

/** The most bytes to write at once. */
const WRITE_BYTES = 64 * 1_024;

/** Two byte streams that lead to the same program. */
export interface Pipes {
  /** The bytes that the other side writes. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes that the other side reads. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Returns a transport over a pair of streams, such as the standard input and
 * output of a child process. It carries one connection: one side listens, and
 * the other side connects. Addresses are `pipe://name`, with any name.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { pipes } from "@denomas/denomas/transports";
 * import { assertEquals } from "@std/assert";
 *
 * // In the child: pipes({ readable: Deno.stdin.readable, writable: Deno.stdout.writable })
 * const [there, back] = [new TransformStream(), new TransformStream()];
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("pipe://parent", adder, {
 *   transports: [pipes({ readable: there.readable, writable: back.writable })],
 * });
 *
 * // In its parent: pipes({ readable: child.stdout, writable: child.stdin })
 * await using client = await openConnection<typeof adder>("pipe://child", {
 *   transports: [pipes({ readable: back.readable, writable: there.writable })],
 * });
 * assertEquals(await client.remote.add(1, 2), 3);
 * ```
 *
 * A program that serves on its standard output must print nothing else there.
 * It may use `console.error`.
 */
export function pipes(streams: Pipes): Transport {
  let isTaken = false;
  const take = (address: string): Connection => {
    isTaken = true;
    return {
      stream: new PipeStream(streams),
      localAddress: address,
      remoteAddress: `${address}#peer`,
    };
  };
  return {
    scheme: "pipe",
    // deno-lint-ignore require-await -- it must reject, not throw
    listen: async (address, accept) => {
      checkAddress(address);
      if (isTaken) {
        throw new AddressInUseError(
          `Cannot listen on '${address}': its streams are in use, they carry one connection`,
          { address },
        );
      }
      accept(take(address));
      return listenerAt(address);
    },
    // deno-lint-ignore require-await -- it must reject, not throw
    connect: async (address, { signal } = {}) => {
      checkAddress(address);
      signal?.throwIfAborted();
      if (!isTaken) return take(address);
      throw new ConnectError(
        `Cannot connect to '${address}': its streams are in use, they carry one connection`,
        { address },
      );
    },
  };
}

/** Returns a listener whose only connection exists from the start. */
function listenerAt(address: string): Listener {
  return {
    address,
    close: () => Promise.resolve(),
    ref: () => {},
    unref: () => {},
  };
}

class PipeStream implements ByteStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #isClosed = false;
  readonly #closing = Promise.withResolvers<never>();

  constructor({ readable, writable }: Pipes) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // Reads and writes report failures.
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.#closing.promise.catch(() => {});
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#held.length === 0) {
      if (this.#isClosed) throw closedError();
      const { value, done } = await this.#reader.read();
      if (this.#isClosed) throw closedError();
      if (done) return null;
      this.#held = value;
    }
    const bytes = this.#held.subarray(0, into.length);
    into.set(bytes);
    this.#held = this.#held.subarray(bytes.length);
    return bytes.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#isClosed) throw closedError();
    // The stream may keep the bytes that it is given.
    const part = bytes.slice(0, WRITE_BYTES);
    // A stream does not cancel a write that waits for its peer.
    await Promise.race([this.#writer.write(part), this.#closing.promise]);
    return part.length;
  }

  async closeWrite(): Promise<void> {
    await this.#writer.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = new Uint8Array(0);
    const error = closedError();
    this.#closing.reject(error);
    this.#reader.cancel(error).catch(() => {});
    // The stream has accepted all written bytes, since writes are awaited.
    this.#writer.close().catch(() => {});
    this.#writer.abort(error).catch(() => {});
  }

  // The streams belong to a process, which has these methods itself.
  ref(): void {}
  unref(): void {}
}

function checkAddress(address: string): void {
  if (/^pipe:\/\/[^\s/]+$/.test(address)) return;
  throw new TypeError(
    `Cannot use address '${address}': the transport of pipes needs 'pipe://name' with a name without spaces and '/'`,
  );
}

function closedError(): DenomasError {
  return new DenomasError("Cannot use a pipe: it is closed");
}
