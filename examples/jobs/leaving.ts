import { onInterruption } from "../interruption.ts";
import { stdinEnd } from "../stdin_end.ts";

/**
 * Returns a signal that aborts when this program is asked to end, or the one
 * that holds its standard input is gone.
 */
export function leavingSignal(): AbortSignal {
  const leaving = new AbortController();
  onInterruption(() => leaving.abort());
  stdinEnd().then(() => leaving.abort());
  return leaving.signal;
}
