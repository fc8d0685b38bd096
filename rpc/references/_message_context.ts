import type { ArrivalContext } from "../../channel/internal.ts";
import type { Budget } from "../../channel/limits/budget.ts";
import type { StreamWatch } from "../calls/_stream_watch.ts";

/**
 * How long the other side may use a reference that a message passes: `borrowed`
 * ends with the call that passed it, `owned` lasts until the other side releases
 * it.
 */
export type Hold = "borrowed" | "owned";

/** A reference or a stream that a message passes to the other side. */
export interface Passed {
  /** Ends it, because nobody will use it. */
  drop(): void;
  /** Takes it back; the producer of a stream is left as it is. */
  withdraw(): void;
}

/** A stream that a message passes to the other side. */
export interface PassedStream extends Passed {
  /** How many of its items were sent. */
  readonly sentItems: number;
  /** The error that ended it, as its producer has thrown it. */
  readonly failure: { readonly error: unknown } | null;
}

/** A served call, which goes on while the streams in its result are open. */
export interface StreamOwner {
  /** A stream in the result was passed. */
  beginStream(stream: PassedStream): void;
  /** A stream in the result has ended. */
  endStream(stream: PassedStream): void;
  /** Runs the first step of a stream's producer as a part of the call. */
  run<T>(step: () => T): T;
  /** Reports the error of a producer; returns what its consumer is told. */
  report(error: unknown): unknown;
}

/**
 * The context of a message of this side while it is encoded: how long its
 * references live, which call its streams belong to, and what was passed.
 */
export class MessageContext {
  /** How long the other side may use the references in the message. */
  readonly hold: Hold;
  /** The call whose result it is. */
  readonly owner: StreamOwner | null;
  /** Made when needed: most messages pass nothing. */
  #passed: Passed[] | null = null;

  constructor(hold: Hold, owner: StreamOwner | null = null) {
    this.hold = hold;
    this.owner = owner;
  }

  /** Whether the message passes only data. */
  get isEmpty(): boolean {
    return this.#passed === null;
  }

  /** Adds what the message passes. */
  add(passed: Passed): void {
    (this.#passed ??= []).push(passed);
  }

  /** Takes everything back, so that the message can be encoded again. */
  withdraw(): void {
    for (const it of this.#take()) it.withdraw();
  }

  /**
   * Drops everything, because the call that passed it has ended, or nobody has
   * received the message. Repeatable.
   */
  discard(): void {
    for (const it of this.#take()) it.drop();
  }

  #take(): readonly Passed[] {
    return this.#passed?.splice(0) ?? [];
  }
}

/** The context of a call without a reply, which could not end what it passes. */
export class OneWayContext extends MessageContext {
  constructor() {
    super("borrowed");
  }
}

/**
 * Returns the context that an entry's `pack` was called with. A message that
 * was sent by the channel itself has none: the other side owns what it passes.
 */
export function asMessageContext(context: unknown): MessageContext | null {
  return context instanceof MessageContext ? context : null;
}

/**
 * What a call of this side has passed: it ends with the call, or with the last
 * stream in its result, whose producer may use it until then.
 */
export class Lease {
  #users = 1;
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** A stream in the result has arrived. */
  extend(): void {
    this.#users++;
  }

  /** The call, or a stream in its result, has ended. */
  end(): void {
    if (--this.#users === 0) this.#onEnd();
  }
}

/** The context of a message of the other side while it is revived. */
export interface ReceivedContext extends ArrivalContext {
  /** The signal of the call that was answered, if it has one. */
  readonly signal?: AbortSignal | undefined;
  /** Identifies that call to observers. */
  readonly call?: object | undefined;
  /** Whether its caller may use the result without ever seeing it. */
  readonly isPiped?: boolean | undefined;
  /** What that call has passed, if it has. */
  readonly lease?: Lease | undefined;
  /** The streams in a request, which end with its call; made when needed. */
  streams?: { expire(): void }[];
  /** What follows the streams in the result of that call. */
  readonly watches?: readonly StreamWatch[] | undefined;
}

/**
 * Holds `bytes` for something that is passed to the other side.
 *
 * @throws {RangeError} If the other side makes this one hold too much.
 */
export function holdBytes(budget: Budget, bytes: number): void {
  if (budget.exceededBy(bytes) !== null) {
    throw new RangeError(
      `${budget.bytes} bytes are held for the other side already; let it consume what it was sent, or raise 'limits.requests.maxHeldBytes'`,
    );
  }
  budget.hold(bytes);
}
