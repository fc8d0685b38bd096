import { world } from "../transports/internal.ts";
import { printable } from "../transports/printable.ts";
import { describeThrown } from "./message.ts";

/** The origin of an error that no caller awaits. */
export interface ErrorContext {
  /**
   * The kind of origin:
   *
   * - `"handler"`: a function of the user that handles connections or requests.
   * - `"protocol"`: a peer broke the protocol, and its connection was closed.
   * - `"accept"`: a server could not accept a connection, and continues.
   * - `"callback"`: any other function of the user, such as a callback of a
   *   clock or an observer.
   * - `"task"`: a background task of the user.
   * - `"connect"`: a client could not reconnect, and keeps trying.
   * - `"admission"`: a check of a peer's identity failed without a decision.
   *   The peer was refused.
   */
  readonly kind:
    | "handler"
    | "protocol"
    | "accept"
    | "callback"
    | "connect"
    | "task"
    | "admission";
  /**
   * The address of the server, channel or peer concerned, or a name for an
   * origin without an address, such as `"system clock"`.
   */
  readonly address: string;
}

/**
 * Receives errors that no caller awaits. It should not throw: its own error is
 * printed on stderr, together with the error that it received.
 */
export type OnError = (error: unknown, context: ErrorContext) => void;

/**
 * The default {@linkcode OnError}: one line on stderr. In a simulation, where
 * faults make attempts to connect fail, these go into its trace.
 */
export function reportToStderr(error: unknown, context: ErrorContext): void {
  const address = printable(context.address);
  const text = printable(describeThrown(error), SHOWN_UNITS);
  const line = `${context.kind} error at ${address}: ${text}`;
  if (context.kind === "connect" && world.note) world.note(line);
  else printLine(`denomas: ${line}`, "stderr");
}

/** The longest text of an error on one line. */
const SHOWN_UNITS = 2_000;

/**
 * Returns an `onError` that never throws or rejects. If the user's function
 * fails, both errors are reported to stderr, once.
 */
export function guardedOnError(onError: OnError = reportToStderr): OnError {
  return (error, context) =>
    runGuarded(() => onError(error, context), (failure) => {
      reportToStderr(error, context);
      reportToStderr(failure, { ...context, kind: "callback" });
    });
}

/**
 * Runs code of the user whose result is not awaited. An error that it throws or
 * rejects with goes to `onFailure` and nowhere else.
 */
export function runGuarded(
  run: () => unknown,
  onFailure: (error: unknown) => void,
): void {
  try {
    const result = run();
    // The result may be a promise, native or not. Resolving it guards its
    // `then`.
    if (typeof result === "object" && result !== null) {
      Promise.resolve(result).catch(onFailure);
    }
  } catch (error) {
    onFailure(error);
  }
}

/** Prints a line. */
export function printLine(line: string, to: "stdout" | "stderr"): void {
  // deno-lint-ignore no-console -- the one place of the package that prints
  to === "stdout" ? console.log(line) : console.error(line);
}
