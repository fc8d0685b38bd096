/** Something that a signal can abort. */
export interface Abortable {
  /** Ends it for this reason. Must not throw. */
  abort(reason: unknown): void;
}

/**
 * Everything that one signal aborts, behind one listener. A signal compares
 * each new listener with all others, so that 30,000 of them would take seconds.
 * Most signals have one member, which needs no set.
 */
class SignalMembers {
  readonly #signal: AbortSignal;
  #members: Abortable | Set<Abortable>;

  constructor(signal: AbortSignal, member: Abortable) {
    this.#signal = signal;
    this.#members = member;
    signal.addEventListener("abort", this, { once: true });
  }

  add(member: Abortable): void {
    if (this.#members instanceof Set) this.#members.add(member);
    else this.#members = new Set([this.#members, member]);
  }

  /** Removes a member, and the listener after the last one. */
  delete(member: Abortable): void {
    if (this.#members instanceof Set) {
      if (!this.#members.delete(member) || this.#members.size > 0) return;
    } else if (this.#members !== member) return;
    membersOf.delete(this.#signal);
    this.#signal.removeEventListener("abort", this);
  }

  /** The signal aborts. */
  handleEvent(): void {
    membersOf.delete(this.#signal);
    const { reason } = this.#signal;
    if (!(this.#members instanceof Set)) return this.#members.abort(reason);
    for (const member of this.#members) member.abort(reason);
    this.#members.clear();
  }
}

/**
 * The members of each signal that has any. Process-wide, since two connections
 * may get the same signal.
 */
const membersOf = new Map<AbortSignal, SignalMembers>();

/**
 * Aborts `member` when `signal` aborts, unless {@linkcode stopListening} removes
 * it before. A signal may outlive what it aborts, so each member must be removed
 * in the end. Does nothing for a signal that has aborted already.
 */
export function listenForAbort(signal: AbortSignal, member: Abortable): void {
  const members = membersOf.get(signal);
  if (members !== undefined) members.add(member);
  else if (!signal.aborted) {
    membersOf.set(signal, new SignalMembers(signal, member));
  }
}

/** Removes `member`, if it was added for `signal`. */
export function stopListening(signal: AbortSignal, member: Abortable): void {
  membersOf.get(signal)?.delete(member);
}

/** The members of one owner, which can remove all of them at once. */
export class AbortListeners<T extends Abortable> {
  readonly #members = new Map<T, AbortSignal>();

  /** Aborts `member` when `signal` aborts, unless it is removed before. */
  add(signal: AbortSignal, member: T): void {
    this.#members.set(member, signal);
    listenForAbort(signal, member);
  }

  /** Removes `member`, if it is there. To be called once it was aborted, too. */
  remove(member: T): void {
    const signal = this.#members.get(member);
    if (signal === undefined) return;
    this.#members.delete(member);
    stopListening(signal, member);
  }

  /** Removes all members. */
  clear(): void {
    for (const member of this.#members.keys()) this.remove(member);
  }
}
