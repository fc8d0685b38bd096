/**
 * `lent` for the length of a call that passed it; `given` to the other side
 * until that gives it back.
 */
export type Hold = "lent" | "given";

/** A stream that was offered to the other side. */
export interface OfferedStream {
  /** Whether the other side has asked for items. */
  readonly isStarted: boolean;
  /** Ends it, as nobody will ask for more. */
  drop(): void;
  /** Takes the offer back, and leaves the producer as it is. */
  withdraw(): void;
}

const NO_STREAMS: readonly OfferedStream[] = [];

/** What one message passes to the other side beside its data. */
export class Parcel {
  /** For how long the other side may use the references in it. */
  readonly hold: Hold;
  readonly #before: Parcel | null;
  // Most messages pass nothing: lists are made when needed.
  #releases: (() => void)[] | null = null;
  #streams: OfferedStream[] | null = null;

  constructor(hold: Hold, before: Parcel | null) {
    this.hold = hold;
    this.#before = before;
  }

  /** The parcel that was being packed when this one was begun. */
  get before(): Parcel | null {
    return this.#before;
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

  /** Takes all back, which is to be packed again. */
  withdraw(): void {
    this.release();
    for (const stream of this.streams) stream.withdraw();
  }

  /** Lets go of all, as nobody has received it. */
  discard(): void {
    this.release();
    for (const stream of this.streams) stream.drop();
  }
}

/** Where what is packed finds the parcel of its message. */
export class Packing {
  /** The innermost one: a serializer may itself send something. */
  current: Parcel | null = null;

  /** Begins the parcel of a message. */
  begin(hold: Hold): Parcel {
    return this.current = new Parcel(hold, this.current);
  }

  /** The message is packed. */
  end(parcel: Parcel): void {
    this.current = parcel.before;
  }
}
