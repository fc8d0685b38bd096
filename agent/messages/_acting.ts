import { AsyncLocalStorage } from "node:async_hooks";
import type { CallOrigin } from "../../rpc/service/call_queue.ts";

/**
 * The agent whose code runs, and the turns that it runs within. All that the
 * code of an agent starts and awaits belongs to it.
 */
const acting = new AsyncLocalStorage<CallOrigin | undefined>();

/** Runs `step`, and all that it starts, as the code that `origin` describes. */
export function actAs<T>(origin: CallOrigin, step: () => T): T {
  return acting.run(origin, step);
}

/**
 * Runs `step`, and all that it starts, as the code of no agent: for connections,
 * which serve calls of others later.
 */
export function actAsNobody<T>(step: () => T): T {
  return acting.run(undefined, step);
}

/** Returns what calls that are made now tell of their caller. */
export function currentOrigin(): CallOrigin | null {
  return acting.getStore() ?? null;
}
