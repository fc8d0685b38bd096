import { TimeoutError } from "../../channel/errors.ts";
import type { Clock } from "../clock/base_clock.ts";
import type { Answer, GroupEngine, GroupMessage } from "./contract.ts";

/** When to stop asking a group. */
export interface GatherTerms {
  /** The time in which members may answer, in seconds of `clock`. */
  readonly within: number;
  readonly clock: Clock;
  /** The number of values that suffices; 0 to wait for all members. */
  readonly atLeast: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks all members of a group. Resolves to their answers, in the order of the
 * members.
 *
 * @throws {AggregateError} If there are fewer than `atLeast` values.
 * @throws {unknown} The reason of the signal, or the error if no member could
 * be asked.
 */
export async function gather(
  engine: GroupEngine,
  message: GroupMessage,
  terms: GatherTerms,
): Promise<Answer[]> {
  const { signal, atLeast } = terms;
  signal?.throwIfAborted();
  using ending = new Ending(message, terms);
  let asked: readonly string[] | null = null;
  const answers = new Map<string, Answer>();
  let values = 0;
  // The error for each member that has not answered.
  let error: unknown = null;
  try {
    const { members, answers: arriving } = await engine.gather(
      message,
      ending.signal,
    );
    asked = members;
    if (asked.length < atLeast) {
      throw new AggregateError(
        [],
        `Cannot ask the group '${message.group}': it has ${
          asked.length === 1 ? "1 member" : `${asked.length} members`
        }, at least ${atLeast} should give a value`,
      );
    }
    for await (const answer of arriving) {
      answers.set(answer.member, answer);
      if ("value" in answer && ++values === atLeast) break;
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    if (asked === null || thrown instanceof AggregateError) throw thrown;
    error = thrown;
  }
  const hasEnough = atLeast > 0 && values >= atLeast;
  const all = asked.map((member): Answer | null =>
    answers.get(member) ?? (hasEnough ? null : { member, error })
  ).filter((it) => it !== null);
  if (values >= atLeast) return all;
  throw new AggregateError(
    all.flatMap((it) => "error" in it ? [it.error] : []),
    `Cannot ask the group '${message.group}': ${values} of its ${asked.length} members gave a value, at least ${atLeast} should`,
  );
}

/**
 * Aborts when the gathering is over, its time is up, or its caller's signal
 * aborts.
 */
class Ending implements Disposable {
  readonly #ending = new AbortController();
  readonly signal: AbortSignal;

  constructor(
    { group }: GroupMessage,
    { within, clock, signal }: GatherTerms,
  ) {
    const own = this.#ending.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([own, signal]);
    if (within === Infinity) return;
    const onLate = () =>
      this.#ending.abort(
        new TimeoutError(
          `Cannot ask the group '${group}': no answer within ${within} s`,
          { timeoutMs: within * 1_000, sent: true },
        ),
      );
    // Rejects if the gathering or the clock ends first.
    clock.sleep(within, { signal: own }).then(onLate, () => {});
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }
}
