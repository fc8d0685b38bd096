import { abortable, pause } from "../../channel/internal.ts";
import { EngineError } from "./errors.ts";

/**
 * Runs `work`, which uses an engine, for at most `timeMs`.
 *
 * @throws {EngineError} If it takes longer.
 */
export async function patiently<T>(
  what: string,
  timeMs: number,
  owner: object,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const giveUp = new AbortController();
  const done = new AbortController();
  pause(timeMs, done.signal, { owner, isRef: false }).then(
    () =>
      giveUp.abort(
        new EngineError(
          `Cannot ${what}: the engine did not answer within ${timeMs} ms`,
        ),
      ),
    () => {},
  );
  try {
    const working = work(giveUp.signal);
    // `work` may fail later, when its result is not awaited any more.
    working.catch(() => {});
    return await abortable(working, giveUp.signal);
  } finally {
    done.abort();
  }
}

/** The longest time to wait for the end of a watch, in milliseconds. */
const END_MS = 500;

/**
 * Ends a watch. Never rejects, and does not wait long if the engine is away.
 */
export async function endWatch(
  watch: AsyncDisposable | null,
  owner: object,
): Promise<void> {
  if (watch === null) return;
  const end = async () => await watch[Symbol.asyncDispose]();
  await patiently("end a watch", END_MS, owner, end).catch(() => {});
}
