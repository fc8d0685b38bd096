type Check = () => boolean;

/** The properties that a run declares. */
export class Properties {
  readonly #always = new Map<string, Check>();
  readonly #sometimes = new Map<string, Check>();
  readonly #eventually = new Map<string, Check>();
  readonly #seen = new Map<string, boolean>();
  /** The `eventually` properties that became true in the current calm. */
  #reached: Set<string> | null = null;
  #onAllReached = (): void => {};
  /** The last `eventually` property that no calm has checked yet. */
  #unchecked: string | null = null;

  /** For each `sometimes` property, whether it was `true` at least once. */
  get sometimes(): ReadonlyMap<string, boolean> {
    return this.#seen;
  }

  addAlways(what: string, check: Check): void {
    this.#always.set(what, check);
  }

  addSometimes(what: string, check: Check): void {
    this.#sometimes.set(what, check);
    this.#seen.set(what, false);
  }

  addEventually(what: string, check: Check): void {
    this.#eventually.set(what, check);
    this.#unchecked = what;
  }

  /**
   * Checks all properties, after an event.
   *
   * @throws {Error} If an `always` property is false.
   */
  check(): void {
    for (const [what, isTrue] of this.#always) {
      if (isTrue()) continue;
      throw new Error(
        `Property '${what}': it must always be true, but was false`,
      );
    }
    for (const [what, isTrue] of this.#sometimes) {
      if (!isTrue()) continue;
      this.#seen.set(what, true);
      this.#sometimes.delete(what);
    }
    if (this.#reached === null) return;
    for (const [what, isTrue] of this.#eventually) {
      if (!this.#reached.has(what) && isTrue()) this.#reached.add(what);
    }
    const wanted = this.#eventually.size;
    if (wanted > 0 && this.#reached.size === wanted) this.#onAllReached();
  }

  /**
   * Starts to check `eventually` properties; calls back when all became true.
   */
  beginCalm(onAllReached: () => void): void {
    this.#reached = new Set();
    this.#onAllReached = onAllReached;
  }

  /** @throws {Error} If an `eventually` property was never true in the calm. */
  endCalm(): void {
    this.check();
    const reached = this.#reached;
    this.#reached = null;
    this.#unchecked = null;
    for (const what of this.#eventually.keys()) {
      if (reached?.has(what)) continue;
      throw new Error(
        `Property '${what}': it must become true once all faults are over, but stayed false`,
      );
    }
  }

  /** @throws {Error} If no calm followed an `eventually` property. */
  checkEnd(): void {
    if (this.#unchecked === null) return;
    throw new Error(
      `Property '${this.#unchecked}': it must become true once all faults are over, but the body did not wait for that, write 'await sim.calm()'`,
    );
  }
}
