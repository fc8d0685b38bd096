import { abortable } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import type { EntryTable } from "./_entry_table.ts";

/**
 * A message about one watched entry: its key, and if the entry exists, its
 * value in base64 and its revision. An empty message marks the end of the
 * initial entries.
 */
export type ToldChange =
  | readonly [key: string, value: string, revision: number]
  | readonly [key: string]
  | readonly [];

/** The memory of a watch, and its work at each change, in bytes. */
const WATCH_BYTES = 16_384;

/** The memory of a key that has yet to be sent, in bytes. */
const PENDING_BYTES = 100;

/** Marks the end of the initial entries among the pending keys. */
const SYNCED = "";

/**
 * Yields the entries whose keys begin with `prefix`, and then their changes. If
 * a key changes several times before it is sent, only the last change is sent.
 * The memory used counts towards `budget`.
 *
 * @throws {ServerBusyError} If the budget is exceeded.
 * @throws {unknown} The reason of the signal.
 */
export async function* watchStream(
  table: EntryTable,
  prefix: string,
  budget: Budget,
  signal: AbortSignal,
): AsyncGenerator<ToldChange, void> {
  const own = new Budget(Infinity, budget);
  const pending = new Set<string>();
  let news = Promise.withResolvers<void>();
  let error: Error | null = null;
  const hold = (bytes: number) => {
    if (own.exceededBy(bytes) === null) return own.hold(bytes);
    error = new ServerBusyError(
      "Cannot tell changes of entries: they are read too slowly, watch fewer or read faster",
    );
  };
  const add = (key: string) => {
    // While the initial entries are being sent, a changed key keeps its place.
    if (!pending.has(SYNCED) && pending.delete(key)) {
      own.release(PENDING_BYTES);
    }
    if (!pending.has(key)) hold(PENDING_BYTES);
    pending.add(key);
    news.resolve();
  };
  hold(WATCH_BYTES);
  for (const { key } of table.entries(prefix)) add(key);
  pending.add(SYNCED);
  const stop = table.watch(prefix, (change) => {
    add(change.kind === "put" ? change.entry.key : change.key);
  });
  try {
    for (;;) {
      if (error !== null) throw error;
      const [key] = pending;
      if (key === undefined) {
        news = Promise.withResolvers();
        await abortable(news.promise, signal);
        continue;
      }
      pending.delete(key);
      if (key === SYNCED) {
        yield [];
        continue;
      }
      own.release(PENDING_BYTES);
      const entry = table.get(key);
      // `get` has just found its lease expired, and so queued the key again.
      if (entry === null && pending.has(key)) continue;
      yield entry === null
        ? [key]
        : [key, entry.value.toBase64(), entry.revision];
    }
  } finally {
    stop();
    own.end();
  }
}
