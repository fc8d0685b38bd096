import { fileURLToPath } from "node:url";
import { importMapFlags } from "../dev/checks/import_map_flags.ts";

/** How long a program may take to end by itself when it is asked to. */
const GRACE_MS = 2_000;

/** What a {@linkcode Program} is started with. */
export interface ProgramOptions {
  readonly file: URL;
  readonly args: readonly string[];
  /** All that it may do, such as `"--allow-net=127.0.0.1:0"`. */
  readonly permissions: readonly string[];
  /** What becomes of its output: shown here, or left to `firstLine`. */
  readonly stdout: "inherit" | "piped";
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** A Deno program in a process of its own, which disposal ends. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  /** Starts it. It sees the end of its standard input when it shall end. */
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

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * The first line that it prints.
   *
   * @throws {Error} If it ends without one.
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

  /** Waits until it ends by itself; tells whether it succeeded. */
  async succeeded(): Promise<boolean> {
    return (await this.#child.status).success;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    // It may have ended already, and its input with it.
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    clearTimeout(timer);
  }
}
