import { isRecord } from "../references/_call_content.ts";
import type { CallOrigin } from "../service/call_queue.ts";

/** The longest id of an agent, and key of a turn, that is read. */
const MAX_LENGTH = 1_024;

/** The most turns that are read. */
const MAX_TURNS = 128;

/**
 * Reads what the other side tells of the caller; `null` if it has another form.
 * Nothing of it is proven.
 */
export function readOrigin(received: unknown): CallOrigin | null {
  if (!isRecord(received)) return null;
  const { agent = null, turns = [] } = received;
  if (agent !== null && (!isName(agent) || agent.includes("/"))) return null;
  if (!Array.isArray(turns) || turns.length > MAX_TURNS) return null;
  return turns.every(isName) ? { agent, turns } : null;
}

function isName(text: unknown): text is string {
  return typeof text === "string" && text.length <= MAX_LENGTH &&
    // It appears in logs, where a line break could forge a line.
    !/\p{Cc}/u.test(text);
}
