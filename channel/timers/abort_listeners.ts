/** An object that a signal can abort. */
export interface Abortable {
  /** Ends the object for this reason. Must not throw. */
  abort(reason: unknown): void;
}

/**
 * The members that each signal aborts, behind one listener per signal. A signal
 * compares each new listener with all others, so 30,000 listeners would take
 * seconds. Process-wide, since two connections may get the same signal.
 */
const membersOf = new Map<EventTarget, Set<Abortable>>();

/**
 * Aborts `member` when `signal` aborts, unless {@linkcode stopListening}
 * removes it before. A signal may outlive its members, so each member must be
 * removed in the end. Does nothing if the signal has already aborted.
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

/** The members of one owner. They can all be removed at once. */
export class AbortListeners<T extends Abortable> {
  /** Created when needed: most owners never have a member. */
  #members: Map<T, AbortSignal> | null = null;

  /** Aborts `member` when `signal` aborts, unless it is removed before. */
  add(signal: AbortSignal, member: T): void {
    (this.#members ??= new Map()).set(member, signal);
    listenForAbort(signal, member);
  }

  /** Removes `member`, if it was added. Also to be called after its abort. */
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
