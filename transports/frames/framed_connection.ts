import { DenomasError, MismatchError } from "../errors.ts";
import { observed } from "../_observers.ts";
import { queueMicrotask, world } from "../_world.ts";
import type { ByteStream, Connection } from "../transport.ts";
import { FlushScheduler, type FlushTime } from "./_flush_scheduler.ts";
import { FrameDecoder } from "./frame.ts";
import { FrameQueue, type PayloadOwner } from "./frame_queue.ts";

/** The receiver of the frames of a connection. Its methods must not throw. */
export interface FrameReceiver {
  /**
   * A frame arrived. `payload` is a view into the connection's buffer, valid
   * only until this method returns: copy the bytes that must outlive it.
   */
  frame(payload: Uint8Array): void;
  /**
   * The last read ended within a frame, of which `heldBytes` have arrived,
   * including its header. Without this method, a receiver cannot detect a frame
   * that never becomes complete.
   */
  partial?(heldBytes: number): void;
  /** The system has accepted everything that was queued so far. */
  written(): void;
  /**
   * The connection ended, and not by {@linkcode FramedConnection.close}.
   * `error` is `null` if the peer ended the stream, a `ProtocolError` or
   * `FrameTooLargeError` if a frame broke the protocol, and any other error if
   * the connection was lost, which includes an end within a frame. Called at
   * most once, and last.
   */
  end(error: unknown): void;
}

/**
 * The number of frames from an incessant sender after which other connections
 * take their turn. They cost 0.2 ms, nearly half as much as that many small
 * calls. With twice as many, other peers waited half as long again. A count
 * instead of a time, so that runs over memory repeat.
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
 * The state of a connection.
 *
 * - `open`: both directions are open.
 * - `finishing`: the queue is written, then the stream is ended.
 * - `closed`: the stream is closed.
 */
type State = "open" | "finishing" | "closed";

/**
 * Frames over the bytes of a connection. It owns the connection: its holder
 * must call `close`, or wait for {@linkcode FrameReceiver.end}.
 */
export class FramedConnection {
  /** The number of bytes that the system has accepted so far. */
  writtenBytes = 0;
  /** The number of bytes received so far. */
  receivedBytes = 0;

  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #decoder: FrameDecoder;
  readonly #queue: FrameQueue;
  readonly #flushes = new FlushScheduler();
  #receiver: FrameReceiver | null = null;
  #state: State = "open";
  #writingBytes = 0;
  #writeError: unknown = null;
  #isLeaving = false;
  /** Frames delivered since the peer last paused or others had their turn. */
  #framesInTurn = 0;

  /**
   * Takes ownership of `connection`. Payloads may have up to `maxFrameBytes`.
   */
  constructor(connection: Connection, maxFrameBytes: number) {
    this.#connection = connection;
    this.#stream = connection.stream;
    this.#decoder = new FrameDecoder(maxFrameBytes);
    this.#queue = new FrameQueue(maxFrameBytes);
    // The transport and its wrappers know `connection`, but not this object.
    observed.by?.opened(
      connection,
      "connection",
      () => `${connection.localAddress} to ${connection.remoteAddress}`,
    );
  }

  /**
   * The number of bytes queued or being written, with headers; 0 after the end.
   */
  get queuedBytes(): number {
    return this.#isClosed() ? 0 : this.#queue.bytes + this.#writingBytes;
  }

  /** Starts to read. Called once, before the other methods. */
  start(receiver: FrameReceiver): void {
    this.#receiver = receiver;
    readConnections++;
    this.#read(receiver);
  }

  /**
   * Queues one frame and returns its position in the stream of sent bytes. A
   * string is sent as UTF-8, with U+FFFD for each half of a surrogate pair.
   * `payload` is copied before this returns, or is read until its `owner` gets
   * it back. After the end the frame is dropped.
   *
   * Frames that are queued in one synchronous run leave in order, as one write.
   * While frames arrive in bursts, this applies to all frames queued in one
   * turn of the event loop. Many frames leave in several parts.
   *
   * @throws {FrameTooLargeError} If `payload` exceeds the limit. Nothing was
   * queued then.
   * @throws {RangeError} If `payload` is empty.
   */
  send(payload: Uint8Array | string, owner?: PayloadOwner): number {
    const position = this.#queue.push(payload, owner);
    if (this.#isClosed()) this.#queue.clear();
    else {
      const time = this.#flushes.queued();
      if (time !== null) this.#flushAt(time);
    }
    return position;
  }

  /**
   * Returns whether the system has accepted the frame at `position`, at least
   * in part. Also valid right after the end. Not to be called for a revoked
   * frame.
   */
  isSent(position: number): boolean {
    return this.#queue.isTaken(position);
  }

  /**
   * Removes the frame at `position` from the queue. Returns `false` and does
   * nothing if the system has accepted it, at least in part.
   */
  revoke(position: number): boolean {
    if (this.#isClosed()) return !this.isSent(position);
    return this.#queue.revoke(position);
  }

  /**
   * Sends no more. Once the queue is written, the peer sees the end of the
   * stream. Reading goes on until the peer ends too, which
   * {@linkcode FrameReceiver.end} reports. Closing a socket that holds unread
   * bytes would instead reset it, and the peer could lose the last frames.
   */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    if (this.#flushes.isIdle) this.#endStream();
  }

  /**
   * Like {@linkcode finish}, but does not wait for the peer to end. Only for a
   * peer that sends nothing more.
   */
  leave(): void {
    this.#isLeaving = true;
    this.finish();
  }

  /**
   * Ends the connection at once and drops the queue. The receiver is not called
   * any more. Repeatable.
   */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue.clear();
    this.#stream.close();
    observed.by?.closed(this.#connection);
  }

  /**
   * Returns the payload of the current call of `frame` as text, if it is ASCII
   * and arrived together with others, or `null`.
   */
  ascii(): string | null {
    return this.#decoder.ascii();
  }

  /** Keeps the process alive while it is open, which is the default. */
  ref(): void {
    this.#stream.ref();
  }

  /** Lets the process end while it is open. */
  unref(): void {
    this.#stream.unref();
  }

  async #read(receiver: FrameReceiver): Promise<void> {
    let error: unknown = null;
    try {
      while (this.#state !== "closed") {
        const space = this.#decoder.space();
        const bytes = await this.#stream.read(space);
        // This side may have closed the connection after the read was done.
        if (this.#isClosed()) break;
        if (bytes === null) {
          error = this.#endError();
          break;
        }
        this.receivedBytes += bytes;
        this.#decoder.filled(bytes);
        while (!this.#deliver(receiver)) await this.#giveWay();
        // If more bytes had arrived, they would have filled the space.
        if (bytes < space.length) this.#framesInTurn = 0;
      }
    } catch (cause) {
      error = cause;
      if (cause instanceof MismatchError) await this.#answer(cause);
    }
    readConnections--;
    this.#end(error);
  }

  /** Tells a peer with another protocol so. The few bytes always fit. */
  async #answer({ answer }: MismatchError): Promise<void> {
    if (answer === null) return;
    try {
      await this.#stream.write(answer);
      await this.#stream.closeWrite();
    } catch {
      // The peer is gone, or this side has closed. The error is reported
      // anyway.
    }
  }

  /**
   * Lets other connections take their turn. Waiting for the poll of their
   * sockets takes 0.2 ms. The shortest timer would take 2 ms.
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
    const time = this.#flushes.endDelivery(frames);
    if (time !== null) this.#flushAt(time);
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

  #flushAt(time: FlushTime): void {
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
        const takesMore = flushes.takesMore || this.#queue.hasLarge;
        batch = takesMore ? this.#take() : null;
      }
    } catch (error) {
      // Reading goes on, for the last frames of the peer and the end.
      this.#writeError = error;
      flushes.fail();
      return;
    }
    if (this.#state === "closed") return;
    const time = flushes.end();
    if (time !== null) this.#flushAt(time);
    if (!flushes.isIdle) return;
    if (this.#state === "finishing") this.#endStream();
    this.#receiver?.written();
  }

  #take(): Uint8Array | null {
    const batch = this.#queue.take();
    if (this.#queue.bytes === 0) this.#flushes.taken();
    return batch;
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
    // Fails if the peer is gone or this side has closed. That loses no frame,
    // and the read reports the end.
    const ended = this.#stream.closeWrite().catch(() => {});
    if (this.#isLeaving) ended.then(() => this.#end(null));
  }

  /** Ends the connection, unless it has ended. */
  #end(error: unknown): void {
    if (this.#isClosed()) return;
    this.close();
    this.#receiver?.end(error);
  }
}

function afterTurns(turns: number, action: () => void): void {
  world.defer(turns === 1 ? action : () => afterTurns(turns - 1, action));
}
