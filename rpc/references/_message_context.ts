import type { OfferedStream } from "../streams/_offered_stream.ts";
import type { RunningCall } from "../serving/_running_call.ts";

/**
 * For how long the other side may use a reference that a message passes:
 * `borrowed` ends with the call that passed it, `owned` lasts until the other
 * side releases it.
 */
export type Hold = "borrowed" | "owned";

const NO_STREAMS: readonly OfferedStream[] = [];

/**
 * The context of a message of this side while it is encoded: how long its
 * references live, which call its streams belong to, and what was passed.
 */
export class MessageContext {
  /** For how long the other side may use the references in the message. */
  readonly hold: Hold;
  /** The call whose result it is: streams in it keep that call running. */
  readonly running: RunningCall | null;
  // Most messages pass nothing: lists are made when needed.
  #releases: (() => void)[] | null = null;
  #streams: OfferedStream[] | null = null;

  constructor(hold: Hold, running: RunningCall | null = null) {
    this.hold = hold;
    this.running = running;
  }

  /** Whether the message passes no more than its data. */
  get isEmpty(): boolean {
    return this.#releases === null && this.#streams === null;
  }

  /** The streams in it. */
  get streams(): readonly OfferedStream[] {
    return this.#streams ?? NO_STREAMS;
  }

  /** Adds a reference; `release` lets go of it. */
  addReference(release: () => void): void {
    (this.#releases ??= []).push(release);
  }

  /** Adds a stream. */
  addStream(stream: OfferedStream): void {
    (this.#streams ??= []).push(stream);
  }

  /** Lets go of the references in it. Repeatable. */
  release(): void {
    for (const release of this.#releases?.splice(0) ?? []) release();
  }

  /** Takes everything back, so that it can be encoded again. */
  withdraw(): void {
    this.release();
    for (const stream of this.streams) stream.withdraw();
  }

  /** Lets go of everything, as nobody has received it. */
  discard(): void {
    this.release();
    for (const stream of this.streams) stream.drop();
  }
}

/**
 * The context that an entry's `pack` was called with. A message that was sent
 * through the channel itself has none: what it passes is owned.
 */
export function asMessageContext(context: unknown): MessageContext | null {
  return context instanceof MessageContext ? context : null;
}
