import { describeThrown } from "../../channel/message.ts";
import { printable } from "../../transports/printable.ts";
import { SpawnError } from "../errors.ts";

/** How many lines of stderr an error holds. */
const KEPT_LINES = 20;

/** The error in the report of a child, which may hold anything. */
export function reportedError(name: unknown, message: unknown): SpawnError {
  const isText = typeof message === "string";
  const text = isText ? message : "it reported nothing that can be read";
  const remoteName = typeof name === "string" ? printable(name) : "Error";
  return new SpawnError(text, { remoteName });
}

/** The last lines that a child printed to stderr. */
export class StderrTail {
  readonly #lines: string[] = [];

  /** Adds a line. */
  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /** Creates the error for a child that could not start because of `cause`. */
  error(address: string, cause: unknown, hint: string | null): SpawnError {
    const isKnown = cause instanceof SpawnError;
    const reason = isKnown ? cause.message : describeThrown(cause);
    let message = `Cannot spawn a container at '${address}': ${
      printable(reason, 2_000)
    }`;
    // Deno writes in this form why it ends.
    const last = this.#lines.findLast((it) => it.startsWith("error: "));
    if (last !== undefined) message += ` (${printable(last, 500)})`;
    if (hint !== null) message += `; ${hint}`;
    return new SpawnError(message, {
      stderr: this.#lines,
      ...(isKnown ? { remoteName: cause.remoteName } : { cause }),
    });
  }
}
