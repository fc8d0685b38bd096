import type { ArrivalContext } from "../../channel/internal.ts";
import type { Budget } from "../../channel/limits/budget.ts";

/**
 * How long the other side may use a reference that a message passes: `borrowed`
 * ends with the call that passed it, `owned` lasts until the other side releases
 * it.
 */
export type Hold = "borrowed" | "owned";

/** A stream that was passed to the other side. */
export interface PassedStream {
  /** Whether the other side has asked for items. */
  readonly isStarted: boolean;
  /** Ends the stream, because nobody will ask for more. */
  drop(): void;
  /** Takes the stream back, and leaves its producer as it is. */
  withdraw(): void;
}

/** A served call, which goes on while the streams in its result are open. */
export interface StreamOwner {
  /** A stream in the result was passed. */
  beginStream(): void;
  /** A stream in the result has ended. */
  endStream(): void;
  /** Runs the first step of a stream's producer as a part of the call. */
  run<T>(step: () => T): T;
}

const NO_STREAMS: readonly PassedStream[] = [];

/**
 * The context of a message of this side while it is encoded: how long its
 * references live, which call its streams belong to, and what was passed.
 */
export class MessageContext {
  /** How long the other side may use the references in the message. */
  readonly hold: Hold;
  /** The call whose result it is. */
  readonly owner: StreamOwner | null;
  // Most messages pass nothing: lists are made when needed.
  #releases: (() => void)[] | null = null;
  #streams: PassedStream[] | null = null;

  constructor(hold: Hold, owner: StreamOwner | null = null) {
    this.hold = hold;
    this.owner = owner;
  }

  /** Whether the message passes only data. */
  get isEmpty(): boolean {
    return this.#releases === null && this.#streams === null;
  }

  /** The streams in the message. */
  get streams(): readonly PassedStream[] {
    return this.#streams ?? NO_STREAMS;
  }

  /** Adds a reference, which `release` releases. */
  addReference(release: () => void): void {
    (this.#releases ??= []).push(release);
  }

  /** Adds a stream. */
  addStream(stream: PassedStream): void {
    (this.#streams ??= []).push(stream);
  }

  /** Releases the references. Repeatable. */
  release(): void {
    for (const release of this.#releases?.splice(0) ?? []) release();
  }

  /** Takes everything back, so that the message can be encoded again. */
  withdraw(): void {
    this.release();
    for (const stream of this.streams) stream.withdraw();
  }

  /** Releases everything, because nobody has received the message. */
  discard(): void {
    this.release();
    for (const stream of this.streams) stream.drop();
  }
}

/**
 * Returns the context that an entry's `pack` was called with. A message that
 * was sent by the channel itself has none: the other side owns what it passes.
 */
export function asMessageContext(context: unknown): MessageContext | null {
  return context instanceof MessageContext ? context : null;
}

/** The context of a message of the other side while it is revived. */
export interface ReceivedContext extends ArrivalContext {
  /** The signal of the call that was answered, if it has one. */
  readonly signal?: AbortSignal | undefined;
  /** Identifies that call to observers. */
  readonly call?: object | undefined;
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
