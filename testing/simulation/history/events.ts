/** One event of a history. Events are listed in the order they happened. */
export type HistoryEvent =
  | {
    /** A client calls an operation. */
    readonly kind: "invoke";
    /** The id of the operation, also in the event that ends it. */
    readonly id: number;
    /** The time, in milliseconds. */
    readonly atMs: number;
    /** The client. */
    readonly client: string;
    /** The operation's name. */
    readonly name: string;
    /** The operation's argument. */
    readonly input: unknown;
  }
  | {
    /** The operation returned. */
    readonly kind: "return";
    /** The id of the operation, as in its first event. */
    readonly id: number;
    /** The time, in milliseconds. */
    readonly atMs: number;
    /** The returned value. */
    readonly output: unknown;
  }
  | {
    /** The operation failed. It may have taken effect, or may do so later. */
    readonly kind: "fail";
    /** The id of the operation, as in its first event. */
    readonly id: number;
    /** The time, in milliseconds. */
    readonly atMs: number;
    /** The message of the error. */
    readonly error: string;
    /** Whether the operation certainly had no effect and never will. */
    readonly hadNoEffect: boolean;
  };

/** An operation of a history, from its first event to its last. */
export interface RecordedOperation {
  readonly client: string;
  readonly name: string;
  readonly input: unknown;
  readonly output: unknown;
  /** The index of its first event. */
  readonly invoked: number;
  /** The index of its return; `Infinity` if it never returned. */
  readonly returned: number;
  readonly invokedAtMs: number;
  readonly returnedAtMs: number;
  /** The message of the error with which it failed. */
  readonly error: string | null;
}

/**
 * Returns the operations of a history in the order in which they began, without
 * those that certainly had no effect.
 *
 * @throws {TypeError} If an id begins twice, or ends without a begin.
 */
export function operationsOf(
  events: readonly HistoryEvent[],
): RecordedOperation[] {
  const operations = new Map<number, RecordedOperation>();
  const ended = new Set<number>();
  for (const [index, event] of events.entries()) {
    const begun = operations.get(event.id);
    if ((begun === undefined) !== (event.kind === "invoke")) {
      throw idError(event, begun === undefined ? "not begun" : "begun already");
    }
    if (event.kind === "invoke") {
      const { id, client, name, input, atMs } = event;
      operations.set(id, {
        ...{ client, name, input, output: undefined, error: null },
        ...{ invoked: index, returned: Infinity },
        ...{ invokedAtMs: atMs, returnedAtMs: Infinity },
      });
      continue;
    }
    if (ended.has(event.id)) throw idError(event, "ended already");
    ended.add(event.id);
    operations.set(event.id, end(begun!, event, index));
  }
  for (const event of events) {
    if (event.kind === "fail" && event.hadNoEffect) operations.delete(event.id);
  }
  return [...operations.values()];
}

function end(
  begun: RecordedOperation,
  event: Exclude<HistoryEvent, { kind: "invoke" }>,
  index: number,
): RecordedOperation {
  if (event.kind === "fail") return { ...begun, error: event.error };
  const { output, atMs } = event;
  return { ...begun, output, returned: index, returnedAtMs: atMs };
}

function idError({ kind, id }: HistoryEvent, state: string): TypeError {
  return new TypeError(
    `Cannot read a history: operation ${id} has ${state} at its '${kind}'`,
  );
}
