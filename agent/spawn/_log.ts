import { failureText } from "../../channel/message.ts";
import { runGuarded } from "../../channel/report.ts";
import { printable } from "../../transports/printable.ts";
import { SpawnError } from "../errors.ts";
import type { LineSource } from "./_host.ts";
import { StartProblem } from "./_start.ts";

/** How many lines of stderr are kept for an error. */
const KEPT_LINES = 20;

/** Hears each line, and where it came from: the source and the container. */
export type OnLine = (line: string, from: LineSource, address: string) => void;

/** What a {@linkcode SpawnedLog} is made with. */
export interface SpawnedLogOptions {
  readonly onLine: OnLine;
  /** Hears what `onLine` throws or rejects with. */
  readonly report: (error: unknown, address: string) => void;
}

/** The lines that a spawned container prints, and the last ones of stderr. */
export class SpawnedLog {
  readonly #options: SpawnedLogOptions;
  readonly #stderr: string[] = [];

  constructor(options: SpawnedLogOptions) {
    this.#options = options;
  }

  /** Passes a line on. */
  add(line: string, from: LineSource, address: string): void {
    if (from === "stderr") {
      this.#stderr.push(line);
      if (this.#stderr.length > KEPT_LINES) this.#stderr.shift();
    }
    const { onLine, report } = this.#options;
    runGuarded(
      () => onLine(line, from, address),
      (error) => report(error, address),
    );
  }

  /** The error for a container that could not start. */
  failure(address: string, cause: unknown): SpawnError {
    const isKnown = cause instanceof StartProblem;
    const told = printable(
      isKnown ? cause.message : failureText(cause).trimEnd(),
      2_000,
    );
    // Deno says in this form why it ends.
    const last = this.#stderr.findLast((it) => it.startsWith("error: "));
    const hint = last === undefined ? "" : ` (${printable(last, 500)})`;
    return new SpawnError(
      `Cannot spawn a container at '${address}': ${told}${hint}`,
      {
        stderr: this.#stderr,
        ...(isKnown ? { remoteName: cause.remoteName } : { cause }),
      },
    );
  }
}
