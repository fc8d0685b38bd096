/** Something that a signal can abort. */
export interface Abortable {
  /** Ends it for this reason. Must not throw. */
  abort(reason: unknown): void;
}

/**
 * What each signal aborts, behind one listener: a signal compares each new
 * listener with all others, so that 30,000 of them would take seconds.
 * Process-wide, since two connections may get the same signal.
 */
const membersOf = new Map<EventTarget, Set<Abortable>>();

/**
 * Aborts `member` when `signal` aborts, unless {@linkcode stopListening} removes
 * it before. A signal may outlive what it aborts, so each member must be removed
 * in the end. Does nothing for a signal that has aborted already.
 */
export function listenForAbort(signal: AbortSignal, member: Abortable): void {
  const members = membersOf.get(signal);
  if (members !== undefined) members.add(member);
  else if (!signal.aborted) {
    membersOf.set(signal, new Set([member]));
    signal.addEventListener("abort", abortMembers, { once: true });
  }
}

/** Removes `member`, if it was added for `signal`. */
export function stopListening(signal: AbortSignal, member: Abortable): void {
  const members = membersOf.get(signal);
  if (!members?.delete(member) || members.size > 0) return;
  membersOf.delete(signal);
  signal.removeEventListener("abort", abortMembers);
}

function abortMembers(this: AbortSignal): void {
  const members = membersOf.get(this)!;
  membersOf.delete(this);
  for (const member of members) member.abort(this.reason);
}

/** The members of one owner, which can remove all of them at once. */
export class AbortListeners<T extends Abortable> {
  /** Made when needed: most owners never have a member. */
  #members: Map<T, AbortSignal> | null = null;

  /** Aborts `member` when `signal` aborts, unless it is removed before. */
  add(signal: AbortSignal, member: T): void {
    (this.#members ??= new Map()).set(member, signal);
    listenForAbort(signal, member);
  }

  /** Removes `member`, if it is there. To be called once it was aborted, too. */
  remove(member: T): void {
    const signal = this.#members?.get(member);
    if (signal === undefined) return;
    this.#members!.delete(member);
    stopListening(signal, member);
  }

  /** Removes all members. */
  clear(): void {
    for (const member of this.#members?.keys() ?? []) this.remove(member);
  }
}
