import { StaleEpochError } from "./errors.ts";

/** What a leadership needs of its node. */
export interface LeadershipTerms {
  readonly name: string;
  readonly epoch: number;
  /** Aborts when the node has lost its lease. */
  readonly nodeSignal: AbortSignal;
  /** Returns whether the node holds its lease. One that does not ends. */
  holdsLeaseOrEnds(): boolean;
  /** Gives it back. Never rejects. */
  release(): Promise<void>;
}

/**
 * The one lead of a name in a cluster, until it is disposed of or lost. Made by
 * `node.lead`.
 */
export class Leadership implements AsyncDisposable {
  /** What is led. */
  readonly name: string;
  /**
   * Greater than that of each earlier leader. Tell it to whom the leader changes:
   * see `EpochGuard`.
   */
  readonly epoch: number;
  readonly #terms: LeadershipTerms;
  readonly #ending = new AbortController();
  #released: Promise<void> | null = null;

  /** Made by `node.lead`. */
  constructor(terms: LeadershipTerms) {
    this.#terms = terms;
    this.name = terms.name;
    this.epoch = terms.epoch;
    const { nodeSignal } = terms;
    const onLoss = () => this.#ending.abort(nodeSignal.reason);
    nodeSignal.addEventListener("abort", onLoss, {
      once: true,
      signal: this.#ending.signal,
    });
    if (nodeSignal.aborted) onLoss();
  }

  /** Aborts when it is lost or disposed of: others may lead then. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Checks that nobody else can lead now. A process that stood still has not seen
   * `signal` abort: call this right before each act.
   *
   * @throws {StaleEpochError} If somebody may.
   */
  check(): void {
    if (!this.#ending.signal.aborted && this.#terms.holdsLeaseOrEnds()) return;
    throw new StaleEpochError(
      `Cannot lead '${this.name}' any more: its epoch ${this.epoch} is over`,
    );
  }

  /** Lets others lead. Repeatable; never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    await this.#released;
  }

  async #release(): Promise<void> {
    const wasOver = this.#ending.signal.aborted;
    this.#ending.abort(
      new DOMException("The leadership was given back", "AbortError"),
    );
    if (!wasOver) await this.#terms.release();
  }
}
