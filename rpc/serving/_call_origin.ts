import { isRecord } from "../references/_call_content.ts";
import type { CallOrigin } from "../service/call_queue.ts";

/** The maximum length of an agent id or a turn key from a peer. */
const MAX_LENGTH = 1_024;

/** The maximum number of turns from a peer. */
const MAX_TURNS = 128;

/**
 * Parses the information that the other side sent about the caller; `null` if
 * it is malformed. The information is not verified.
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
    // Names appear in logs, where a line break could forge a line.
    !/\p{Cc}/u.test(text);
}
