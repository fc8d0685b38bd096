/**
 * Listeners to the signals of calls whose streams go on. A signal may outlive
 * its connection by far, so they are removed with that at the latest.
 */
export class AbortListeners {
  readonly #removals = new Set<() => void>();

  /** Runs `onAbort` when `signal` aborts; returns what removes it, once. */
  add(signal: AbortSignal, onAbort: (reason: unknown) => void): () => void {
    const listener = () => onAbort(signal.reason);
    const remove = () => {
      if (!this.#removals.delete(remove)) return;
      signal.removeEventListener("abort", listener);
    };
    signal.addEventListener("abort", listener);
    this.#removals.add(remove);
    return remove;
  }

  /** Removes all, as the connection is gone. */
  clear(): void {
    for (const remove of [...this.#removals]) remove();
  }
}
