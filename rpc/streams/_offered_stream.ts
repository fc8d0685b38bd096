/** A stream that was offered to the other side. */
export interface OfferedStream {
  /** Whether the other side has asked for items. */
  readonly isStarted: boolean;
  /** Ends it, as nobody will ask for more. */
  drop(): void;
  /** Takes the offer back, and leaves the producer as it is. */
  withdraw(): void;
}
