import type { ArrivalContext } from "../../channel/internal.ts";
import type { Budget } from "../../channel/limits/budget.ts";
import type { StreamWatch } from "../calls/_stream_watch.ts";

/**
 * How long the other side may use a reference that a message passes.
 * `borrowed`: until the call that passed it ends. `owned`: until the other side
 * releases it.
 */
export type Hold = "borrowed" | "owned";

/** A reference or stream that a message passes to the other side. */
export interface Passed {
  /** Ends the reference or stream, because nothing will use it. */
  drop(): void;
  /**
   * Takes it back without ending it; the producer of a stream is not touched.
   */
  withdraw(): void;
}

/** A stream that a message passes to the other side. */
export interface PassedStream extends Passed {
  /** The number of items that were sent. */
  readonly sentItems: number;
  /** The error that the producer has thrown, if any. */
  readonly failure: { readonly error: unknown } | null;
}

/**
 * A call that passes streams: a served call, which continues while the streams
 * in its result are open, or a call that this side makes.
 */
export interface StreamOwner {
  /** The served call, for observers; `null` for a call that this side makes. */
  readonly subject: object | null;
  /** Adds a stream that the call passes. */
  beginStream(stream: PassedStream): void;
  /** Removes a stream that has ended. */
  endStream(stream: PassedStream): void;
  /** Runs the first step of a stream's producer as part of the call. */
  run<T>(step: () => T): T;
  /**
   * Reports the error of a producer; returns the error to send to its consumer.
   */
  report(error: unknown): unknown;
}

/**
 * The context of an outgoing message while it is encoded: how long its
 * references live, which call its streams belong to, and the references and
 * streams it passes.
 */
export class MessageContext {
  /** How long the other side may use the references in the message. */
  readonly hold: Hold;
  /** The call that owns the streams in the message, if any. */
  readonly owner: StreamOwner | null;
  /** Created on demand: most messages pass nothing. */
  #passed: Passed[] | null = null;

  constructor(hold: Hold, owner: StreamOwner | null = null) {
    this.hold = hold;
    this.owner = owner;
  }

  /** Whether the message passes only data. */
  get isEmpty(): boolean {
    return this.#passed === null;
  }

  /** Adds a reference or stream that the message passes. */
  add(passed: Passed): void {
    (this.#passed ??= []).push(passed);
  }

  /**
   * Takes all references and streams back, so that the message can be
   * re-encoded.
   */
  withdraw(): void {
    for (const it of this.#take()) it.withdraw();
  }

  /**
   * Drops all references and streams, because the call that passed them has
   * ended, or the message was not received. Repeatable.
   */
  discard(): void {
    for (const it of this.#take()) it.drop();
  }

  #take(): readonly Passed[] {
    return this.#passed?.splice(0) ?? [];
  }
}

/**
 * The context of a call without a reply. It must pass only data, since no reply
 * would end the references and streams.
 */
export class OneWayContext extends MessageContext {
  constructor() {
    super("borrowed");
  }
}

/**
 * Returns the context that an entry's `pack` was called with. A message that
 * the channel itself sends has none: the other side owns the references in it.
 */
export function asMessageContext(context: unknown): MessageContext | null {
  return context instanceof MessageContext ? context : null;
}

/**
 * The references and streams that a call of this side has passed. They end with
 * the call, or with the last stream in its result, whose producer may use them
 * until then.
 */
export class Lease {
  #users = 1;
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Extends the lease by a stream in the result that has arrived. */
  extend(): void {
    this.#users++;
  }

  /** Called when the call, or a stream in its result, has ended. */
  end(): void {
    if (--this.#users === 0) this.#onEnd();
  }
}

/** The context of an incoming message while its values are decoded. */
export interface ReceivedContext extends ArrivalContext {
  /** The signal of the answered call, if it has one. */
  readonly signal?: AbortSignal | undefined;
  /** Identifies the answered call to observers. */
  readonly call?: object | undefined;
  /** Whether the call is piped: its result may be used without being read. */
  readonly isPiped?: boolean | undefined;
  /**
   * The lease of the references and streams that the answered call has passed.
   */
  readonly lease?: Lease | undefined;
  /** The streams in a request, which end with its call; created on demand. */
  streams?: { expire(): void }[];
  /** The watches on the streams in the result of the answered call. */
  readonly watches?: readonly StreamWatch[] | undefined;
}

/**
 * Charges `bytes` to the budget, for a value that is passed to the other side.
 *
 * @throws {RangeError} If the budget is exceeded.
 */
export function holdBytes(budget: Budget, bytes: number): void {
  if (budget.exceededBy(bytes) !== null) {
    throw new RangeError(
      `${budget.bytes} bytes are held for the other side already; let it consume what it was sent, or raise 'limits.requests.maxHeldBytes'`,
    );
  }
  budget.hold(bytes);
}
