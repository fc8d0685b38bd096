/** What can be ended by a signal. */
export interface Abortable {
  /** It is ended, for this reason. */
  abort(reason: unknown): void;
}

interface Group<T> {
  readonly members: Set<T>;
  readonly onAbort: () => void;
}

/**
 * One listener a signal, for all that it ends. A signal compares each new
 * listener with all it has, so that 30,000 take it more than a second. It may
 * outlive what it ends by far, so that all must be removed in the end.
 */
export class AbortListeners<T extends Abortable> {
  readonly #groups = new Map<AbortSignal, Group<T>>();

  /** Aborts `member`, and forgets it, when `signal` aborts. */
  add(signal: AbortSignal, member: T): void {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      group = { members: new Set(), onAbort: () => this.#abort(signal) };
      this.#groups.set(signal, group);
      signal.addEventListener("abort", group.onAbort, { once: true });
    }
    group.members.add(member);
  }

  /** Forgets `member`, if it was added for `signal`. */
  remove(signal: AbortSignal, member: T): void {
    const group = this.#groups.get(signal);
    if (group === undefined) return;
    group.members.delete(member);
    if (group.members.size > 0) return;
    this.#groups.delete(signal);
    signal.removeEventListener("abort", group.onAbort);
  }

  /** Forgets all. */
  clear(): void {
    for (const [signal, { onAbort }] of this.#groups) {
      signal.removeEventListener("abort", onAbort);
    }
    this.#groups.clear();
  }

  #abort(signal: AbortSignal): void {
    const group = this.#groups.get(signal)!;
    this.#groups.delete(signal);
    for (const member of group.members) member.abort(signal.reason);
  }
}
