import { fileURLToPath } from "node:url";
import { importMapFlags } from "../dev/checks/import_map_flags.ts";

/** The time for a program to end after it is asked to, in milliseconds. */
const GRACE_MS = 2_000;

/** Options for a {@linkcode Program}. */
export interface ProgramOptions {
  readonly file: URL;
  readonly args: readonly string[];
  /** The program's permissions, such as `"--allow-net=127.0.0.1:0"`. */
  readonly permissions: readonly string[];
  /** Whether its output is shown here, or read by `firstLine`. */
  readonly stdout: "inherit" | "piped";
  /** Kills the program when it aborts. */
  readonly signal: AbortSignal;
}

/** A Deno program in a separate process. Disposal ends it. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  /** Starts the program. It must end when its standard input ends. */
  constructor(
    { file, args, permissions, stdout, signal }: ProgramOptions,
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        ...importMapFlags(),
        ...permissions,
        fileURLToPath(file),
        ...args,
      ],
      stdin: "piped",
      stdout,
      signal,
    }).spawn();
  }

  /** The process id of the program. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Returns the first line that the program prints.
   *
   * @throws {Error} If the program ends without printing a line.
   */
  async firstLine(): Promise<string> {
    let text = "";
    const output = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const part of output) {
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) return text.slice(0, end);
    }
    throw new Error(`Program ${this.pid} ended before it printed a line`);
  }

  /** Waits until the program ends; resolves to whether it succeeded. */
  async succeeded(): Promise<boolean> {
    return (await this.#child.status).success;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    // The program, and with it its input, may have ended already.
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    clearTimeout(timer);
  }
}
