import { TimeoutError } from "../../channel/errors.ts";
import type { Request } from "../../channel/request.ts";
import { Timer } from "../../transports/timer.ts";
import type { ServedCall } from "../middleware.ts";
import type { OfferedStream } from "../streams/_offered_stream.ts";

/** A call that this side serves. */
export class RunningCall implements ServedCall {
  readonly path: string;
  readonly remoteAddress: string;
  readonly peerName: string | null;
  readonly identity: unknown;
  /** Middleware may change them. */
  args: readonly unknown[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly session: Map<string, unknown>;
  readonly id: number;
  /** Streams in its result, with which it goes on. */
  streams: readonly OfferedStream[] = [];
  /** The error that the call failed with. */
  failed: { readonly error: unknown } | null = null;
  /** Whether observers were told that the call has ended. */
  isReported = false;
  #openStreams = 0;
  #hasEnded = false;
  #isGivenUp = false;
  #deadline: number;
  #controller: AbortController | null = null;
  #timer: Timer | null = null;
  #aborted: { readonly reason: unknown } | null = null;

  constructor(
    request: Request,
    path: string,
    caller: {
      readonly remoteAddress: string;
      readonly peerName: string | null;
    },
    options: {
      readonly identity?: unknown;
      readonly args: readonly unknown[];
      readonly session: Map<string, unknown>;
      readonly timeoutMs: number;
      readonly meta: CallMeta;
    },
  ) {
    this.args = options.args;
    this.session = options.session;
    this.id = request.id;
    this.path = path;
    this.remoteAddress = caller.remoteAddress;
    this.peerName = caller.peerName;
    this.identity = options.identity;
    this.meta = options.meta;
    // The other side chooses it, and may choose no number at all.
    // Most calls have no deadline, and asking the time takes some.
    const { timeoutMs } = options;
    this.#deadline = timeoutMs >= 0 && timeoutMs < Infinity
      ? performance.now() + timeoutMs
      : Infinity;
  }

  get remainingMs(): number {
    return this.#deadline === Infinity
      ? Infinity
      : Math.max(0, this.#deadline - performance.now());
  }

  /** Made, and the deadline's timer armed, when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) {
        this.#controller.abort(this.#aborted.reason);
      } else {
        this.#arm();
      }
    }
    return this.#controller.signal;
  }

  /** Whether it goes on although it is answered. */
  get isStreaming(): boolean {
    return this.#openStreams > 0;
  }

  /** Whether nobody reads the answer, whatever it will be. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /**
   * A stream in its result begins. The deadline was for the answer, which is
   * here.
   */
  beginStream(): void {
    this.#openStreams++;
    this.#disarm();
    this.#deadline = Infinity;
  }

  /** A stream in its result has ended. */
  endStream(): void {
    this.#openStreams--;
  }

  /** Nobody waits for its answer, nor for the streams in it. */
  giveUp(reason: unknown): void {
    this.#isGivenUp = true;
    this.abort(reason);
    for (const stream of this.streams) stream.drop();
  }

  /** Tells the method that it may stop. */
  abort(reason: unknown): void {
    this.#disarm();
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  /**
   * The method has ended. What still holds the call may ask for its signal,
   * but no timer is needed any more.
   */
  end(): void {
    this.#hasEnded = true;
    this.#disarm();
  }

  #arm(): void {
    if (this.#hasEnded || this.#deadline === Infinity) return;
    this.#timer = new Timer(this.remainingMs, () => this.#expire());
  }

  #disarm(): void {
    this.#timer?.stop();
    this.#timer = null;
  }

  #expire(): void {
    if (this.remainingMs > 0) return this.#arm();
    this.abort(
      new TimeoutError(
        `Cannot go on with '${this.path}': its time is over`,
        { timeoutMs: 0, sent: true },
      ),
    );
  }
}

/** What a caller's middleware adds to its calls. */
export type CallMeta = Readonly<Record<string, unknown>>;
