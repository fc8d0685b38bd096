import { DenomasError } from "../errors.ts";
import { observed } from "../_observers.ts";
import { world } from "../_world.ts";
import {
  type Connection,
  DEFAULT_MAX_FRAME_BYTES,
  type FrameReceiver,
} from "../transport.ts";
import { FlushScheduler, type FlushTime } from "./_flush_scheduler.ts";
import { FrameDecoder, FrameQueue } from "./frame.ts";

/**
 * A two-way stream of bytes, such as a `Deno.Conn`. Your own transport needs to
 * supply no more than this: {@linkcode frameConnection} does the rest.
 */
export interface ByteStream {
  /**
   * Reads into `into`. Resolves to the number of bytes, or to `null` at the
   * end. After a failed write it must come to an end or reject.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`, at least one. Resolves to their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this side's direction. */
  closeWrite(): Promise<void>;
  /** Ends both directions at once; pending reads and writes reject. */
  close(): void;
  /** Keeps the process alive while a read is pending. */
  ref(): void;
  /** Lets the process end although a read is pending. */
  unref(): void;
}

/** Options for {@linkcode frameConnection}. */
export interface FrameConnectionOptions {
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /**
   * The name that the peer's certificate proved.
   *
   * @default {null}
   */
  readonly peerName?: string | null;
  /**
   * The longest payload that may be received or sent, in bytes.
   *
   * @default {16_777_216}
   */
  readonly maxFrameBytes?: number | undefined;
}

/** Returns a {@linkcode Connection} over a stream of bytes, which it owns. */
export function frameConnection(
  stream: ByteStream,
  options: FrameConnectionOptions,
): Connection {
  return new FramedConnection(stream, options);
}

/**
 * The number of frames from an incessant sender after which other connections
 * take their turn. They cost 0.2 ms, nearly half as much as that many small
 * calls; with twice as many, other peers waited half as long again. It is not a
 * time, so that runs over memory repeat.
 */
const FRAMES_A_TURN = 128;

/**
 * A longer frame counts as several. The worst content takes 0.3 µs a byte to
 * decode, so other connections wait half a second at most.
 */
const BYTES_A_FRAME = 16 * 1024;

/**
 * While it is busy, Deno 2.9 polls its sockets once in 61 turns of the event
 * loop (the `event_interval` of tokio): data on another socket was seen after
 * 56 to 62 turns.
 */
const TURNS_UNTIL_POLL = 64;

/** The number of connections that are being read. */
let readConnections = 0;

/**
 * `open`: both directions. `finishing`: the queue is written, then the stream
 * is ended. `closed`: the stream is closed.
 */
type State = "open" | "finishing" | "closed";

class FramedConnection implements Connection {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly peerName: string | null;
  writtenBytes = 0;
  receivedBytes = 0;

  readonly #stream: ByteStream;
  readonly #decoder: FrameDecoder;
  readonly #queue: FrameQueue;
  readonly #flushes = new FlushScheduler();
  #receiver: FrameReceiver | null = null;
  #state: State = "open";
  #writingBytes = 0;
  #writeError: unknown = null;
  /** Frames delivered since the peer last paused, or others had their turn. */
  #framesInTurn = 0;

  constructor(stream: ByteStream, options: FrameConnectionOptions) {
    this.localAddress = options.localAddress;
    this.remoteAddress = options.remoteAddress;
    this.peerName = options.peerName ?? null;
    this.#stream = stream;
    const maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    this.#decoder = new FrameDecoder(maxFrameBytes);
    this.#queue = new FrameQueue(maxFrameBytes);
    observed.by?.opened(
      this,
      "connection",
      () => `${this.localAddress} to ${this.remoteAddress}`,
    );
  }

  get queuedBytes(): number {
    return this.#isClosed() ? 0 : this.#queue.bytes + this.#writingBytes;
  }

  start(receiver: FrameReceiver): void {
    this.#receiver = receiver;
    readConnections++;
    this.#read(receiver);
  }

  send(payload: Uint8Array | string): number {
    const position = this.#queue.push(payload);
    if (this.#isClosed()) this.#queue.clear();
    else this.#flushAt(this.#flushes.queued());
    return position;
  }

  isSent(position: number): boolean {
    return this.#queue.isTaken(position);
  }

  revoke(position: number): boolean {
    if (this.#isClosed()) return !this.isSent(position);
    return this.#queue.revoke(position);
  }

  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    if (this.#flushes.isIdle) this.#endStream();
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue.clear();
    this.#stream.close();
    observed.by?.closed(this);
  }

  ref(): void {
    this.#stream.ref();
  }

  unref(): void {
    this.#stream.unref();
  }

  async #read(receiver: FrameReceiver): Promise<void> {
    let error: unknown = null;
    try {
      while (this.#state !== "closed") {
        const space = this.#decoder.space();
        const bytes = await this.#stream.read(space);
        // The read may have been done when this side closed the connection.
        if (this.#isClosed()) break;
        if (bytes === null) {
          error = this.#endError();
          break;
        }
        this.receivedBytes += bytes;
        this.#decoder.filled(bytes);
        while (!this.#deliver(receiver)) await this.#giveWay();
        // More bytes that were there would have filled the space.
        if (bytes < space.length) this.#framesInTurn = 0;
      }
    } catch (cause) {
      error = cause;
    }
    readConnections--;
    if (this.#state === "closed") return;
    this.close();
    receiver.end(error);
  }

  /**
   * Lets other connections take their turn. To wait for the poll of their
   * sockets takes 0.2 ms; the shortest timer would take 2.
   */
  async #giveWay(): Promise<void> {
    this.#framesInTurn = 0;
    const turns = readConnections > 1 ? TURNS_UNTIL_POLL : 1;
    await new Promise<void>((resolve) => afterTurns(turns, resolve));
  }

  /**
   * Delivers the frames of the last read. Returns `false` if other connections
   * must take their turn before the rest.
   */
  #deliver(receiver: FrameReceiver): boolean {
    // This side may have closed the connection during the turn of others.
    if (this.#isClosed()) return true;
    this.#flushes.startDelivery();
    let frames = 0;
    let frame = this.#decoder.next();
    while (frame !== null) {
      frames++;
      receiver.frame(frame);
      // The receiver may have closed the connection because of the frame.
      if (this.#isClosed()) return true;
      this.#framesInTurn += 1 + Math.floor(frame.length / BYTES_A_FRAME);
      if (this.#framesInTurn >= FRAMES_A_TURN) break;
      frame = this.#decoder.next();
    }
    this.#flushAt(this.#flushes.endDelivery(frames));
    if (this.#framesInTurn >= FRAMES_A_TURN) return false;
    const { heldBytes } = this.#decoder;
    if (heldBytes > 0) receiver.partial?.(heldBytes);
    return true;
  }

  /** A method, since the compiler assumes that calls change no field. */
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #endError(): unknown {
    const { heldBytes } = this.#decoder;
    if (heldBytes === 0) return this.#writeError;
    // Not a breach of the protocol: a killed process ends its stream like this.
    return new DenomasError(
      `Cannot read frame: the peer ended the stream ${heldBytes} bytes into it`,
    );
  }

  #flushAt(time: FlushTime | null): void {
    if (time === null) return;
    if (time === "now") this.#flush("part");
    else if (time === "turn") world.defer(() => this.#flush("all"));
    else queueMicrotask(() => this.#flush("all"));
  }

  async #flush(what: "all" | "part"): Promise<void> {
    const flushes = this.#flushes;
    if (!flushes.start(what)) return;
    try {
      // A closed connection has cleared its queue.
      let batch = this.#take();
      while (batch !== null) {
        await this.#write(batch);
        this.#queue.release();
        batch = flushes.takesMore ? this.#take() : null;
      }
    } catch (error) {
      // Reading goes on, for the last frames of the peer and the end.
      this.#writeError = error;
      flushes.fail();
      return;
    }
    if (this.#state === "closed") return;
    this.#flushAt(flushes.end());
    if (!flushes.isIdle) return;
    if (this.#state === "finishing") this.#endStream();
    this.#receiver?.written();
  }

  #take(): Uint8Array | null {
    this.#flushes.taken();
    return this.#queue.take();
  }

  async #write(batch: Uint8Array): Promise<void> {
    this.#writingBytes = batch.length;
    let rest = batch;
    while (rest.length > 0) {
      const written = await this.#stream.write(rest);
      this.writtenBytes += written;
      this.#writingBytes -= written;
      if (written === rest.length) return;
      rest = rest.subarray(written);
    }
  }

  #endStream(): void {
    // Fails if the peer is gone or this side has closed. No frame is lost by
    // that, and the read reports the end.
    this.#stream.closeWrite().catch(() => {});
  }
}

function afterTurns(turns: number, action: () => void): void {
  world.defer(turns === 1 ? action : () => afterTurns(turns - 1, action));
}
