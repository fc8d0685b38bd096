import { StaleEpochError } from "./errors.ts";

/** The dependencies of a {@linkcode Leadership}. */
export interface LeadershipTerms {
  readonly name: string;
  readonly epoch: number;
  /** Aborts when the node has lost its lease. */
  readonly nodeSignal: AbortSignal;
  /**
   * Returns whether the node holds its lease. If the lease has expired, this
   * ends the node.
   */
  holdsLeaseOrEnds(): boolean;
  /** Releases the lead. Never rejects. */
  release(): Promise<void>;
}

/**
 * The lead of a name, which only one node of a cluster can have at a time. It
 * lasts until it is disposed of or lost. Made by `node.lead`.
 */
export class Leadership implements AsyncDisposable {
  /** The name that is led. */
  readonly name: string;
  /**
   * The epoch of this lead. It is greater than that of each earlier leader.
   * Send it along with changes to other systems: see `EpochGuard`.
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

  /**
   * Aborts when the lead is lost or disposed of. Others may lead from then on.
   */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Checks that no other node can lead now. Call this right before each action:
   * a process that was suspended may not have seen `signal` abort yet.
   *
   * @throws {StaleEpochError} If another node may lead.
   */
  check(): void {
    if (!this.#ending.signal.aborted && this.#terms.holdsLeaseOrEnds()) return;
    throw new StaleEpochError(
      `Cannot lead '${this.name}' any more: its epoch ${this.epoch} is over`,
    );
  }

  /**
   * Releases the lead, so that others can take it. Can be called repeatedly;
   * never rejects.
   */
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
