import { DenomasError } from "../errors.ts";
import { FrameDecoder, FrameQueue } from "./frame.ts";
import { observed } from "../_observers.ts";
import { world } from "../_world.ts";
import {
  type Connection,
  DEFAULT_MAX_FRAME_BYTES,
  type FrameReceiver,
} from "../transport.ts";

/**
 * A two-way stream of bytes, as `Deno.Conn` is one. A transport of your own
 * needs to supply no more than this: {@linkcode frameConnection} does the rest.
 */
export interface ByteStream {
  /**
   * Reads into `into`; resolves to how much, or to `null` at the end. It must
   * come to an end, or reject, if a write failed.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`, at least one; resolves to how much. */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells the other side that nothing more will come. */
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

/** Makes a {@linkcode Connection} from a stream of bytes, which it then owns. */
export function frameConnection(
  stream: ByteStream,
  options: FrameConnectionOptions,
): Connection {
  return new FramedConnection(stream, options);
}

/**
 * So many frames a connection hands on before others have their turn, of those
 * that a flood brings without a pause. That costs 0.2 ms, nearly half of what
 * as many small calls take; with twice as many, others waited half as long
 * again. It is no time, lest runs over memory differ.
 */
const FRAMES_A_TURN = 128;

/**
 * A longer frame counts as several: the worst content takes 0.3 µs a byte to
 * decode, so that others have their turn after about half a second of it.
 */
const BYTES_A_FRAME = 16 * 1024;

/**
 * The answers to a burst leave in parts of so many frames, so that the other
 * side can begin with the first while this one makes the next: with 64 calls in
 * flight that is 1.5 to 1.9 times the throughput of one write for all of it,
 * after which either side waits for the other.
 */
const FRAMES_A_PART = 16;

/** How many connections are read. */
let readConnections = 0;

/**
 * `open`: both ways. `finishing`: what is queued is written, then the end of
 * the stream. `closed`: the stream is closed.
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
  #receiver: FrameReceiver | null = null;
  #state: State = "open";
  /** A flush is due, scheduled or under way. */
  #flushing = false;
  /** A flush is under way, or has failed. */
  #writing = false;
  /** Frames that wait for a flush. */
  #queuedFrames = 0;
  #writingBytes = 0;
  #writeError: unknown = null;
  /** What the last read brought is being handed to the receiver. */
  #delivering = false;
  /** The last read held more than one frame. */
  #burst = false;
  /** Frames handed on since the peer last paused, or others had their turn. */
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
    this.#queuedFrames++;
    if (this.#isClosed()) this.#queue.clear();
    else if (!this.#flushing) this.#scheduleFlush();
    else if (this.#burst && this.#queuedFrames === FRAMES_A_PART) {
      this.#flush("part");
    }
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
    if (!this.#flushing) this.#endStream();
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
        // It may have been read when this side closed the connection.
        if (this.#isClosed()) break;
        if (bytes === null) {
          error = this.#endError();
          break;
        }
        this.receivedBytes += bytes;
        this.#decoder.filled(bytes);
        while (!this.#deliver(receiver)) await this.#giveWay();
        // Had there been more to read, it would have filled the space.
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

  /** Lets others have their turn, if there are any. */
  async #giveWay(): Promise<void> {
    this.#framesInTurn = 0;
    await (readConnections > 1 ? socketsSeen() : world.nextTurn());
  }

  /** Hands on what was read; `false` if others shall have their turn first. */
  #deliver(receiver: FrameReceiver): boolean {
    // This side may have closed the connection while others had their turn.
    if (this.#isClosed()) return true;
    const wasFlushing = this.#flushing;
    this.#delivering = true;
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
    this.#delivering = false;
    this.#burst = frames > 1;
    if (this.#flushing && !wasFlushing) this.#scheduleFlush();
    if (this.#framesInTurn >= FRAMES_A_TURN) return false;
    const { heldBytes } = this.#decoder;
    if (heldBytes > 0) receiver.partial?.(heldBytes);
    return true;
  }

  /** A method, since the compiler takes the state for unchanged by a call. */
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #endError(): unknown {
    const { heldBytes } = this.#decoder;
    if (heldBytes === 0) return this.#writeError;
    // No breach of the protocol: so ends the stream of a process that is killed.
    return new DenomasError(
      `Cannot read frame: peer ended the stream ${heldBytes} bytes into it`,
    );
  }

  /**
   * A lone frame leaves on the next microtask. While frames arrive in bursts
   * their handlers answer in as many microtasks, and a flush in between would
   * send each answer alone (0.65 of the throughput at 64 calls in flight):
   * then the flush waits until the loop has run them all, or has made a part.
   * Whether it is a burst shows only after its last frame: until then nothing
   * is scheduled.
   */
  #scheduleFlush(): void {
    this.#flushing = true;
    if (this.#delivering) return;
    if (this.#burst) world.defer(() => this.#flush("all"));
    else queueMicrotask(() => this.#flush("all"));
  }

  /** One that was scheduled may find that a part has left before it. */
  async #flush(what: "all" | "part"): Promise<void> {
    if (this.#writing || !this.#flushing) return;
    this.#writing = true;
    try {
      // A connection that is closed has cleared its queue.
      let batch = this.#take();
      while (batch !== null) {
        await this.#write(batch);
        this.#queue.release();
        const isMakingPart = what === "part" &&
          this.#queuedFrames < FRAMES_A_PART;
        batch = isMakingPart ? null : this.#take();
      }
    } catch (error) {
      // Reading goes on: it brings what the peer sent before it left, and
      // then the end. `#writing` stays set, so that nothing more is written.
      this.#writeError = error;
      return;
    }
    this.#writing = false;
    if (this.#state === "closed") return;
    if (this.#queuedFrames > 0) return this.#scheduleFlush();
    this.#flushing = false;
    if (this.#state === "finishing") this.#endStream();
    this.#receiver?.written();
  }

  #take(): Uint8Array | null {
    this.#queuedFrames = 0;
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
    // It fails if the peer is gone, or this side closed: nothing that was to
    // be sent is lost by that, and the read tells of the end.
    this.#stream.closeWrite().catch(() => {});
  }
}

/**
 * While it is busy, Deno 2.9 looks at its sockets once in 61 turns of the event
 * loop (the `event_interval` of tokio): data on another socket was seen after
 * 56 to 62 turns.
 */
const TURNS_UNTIL_SOCKETS = 64;

/**
 * Resolves when the event loop has looked at all sockets. This takes 0.2 ms;
 * the shortest timer would take 2.
 */
function socketsSeen(): Promise<void> {
  return new Promise((resolve) => runLater(TURNS_UNTIL_SOCKETS, resolve));
}

function runLater(turns: number, action: () => void): void {
  world.defer(turns === 1 ? action : () => runLater(turns - 1, action));
}
