import { importMapFlags } from "../checks/import_map_flags.ts";
import { fileURLToPath } from "node:url";
import { parseReply, readLines } from "./_commands.ts";
import { type Core, denoCommand } from "./_pin.ts";

/** How a process is run. */
export interface HelperOptions {
  /** Flags for `deno run`. */
  readonly flags?: readonly string[];
  /** The core that it is kept on; `null` for any. */
  readonly core: Core | null;
  /** How many files it may have open; `null` for what is usual. */
  readonly maxFiles?: number | null;
}

/** No single command takes as long. */
const LIMIT_MS = 60_000;

/** A process of the benchmark, which disposal ends. */
export class Helper implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #what: string;

  constructor(
    program: string,
    args: readonly string[],
    { flags = [], core, maxFiles = null }: HelperOptions,
  ) {
    this.#what = [program, ...args].join(" ");
    const [command, commandArgs] = denoCommand([
      ...["run", "-A", ...importMapFlags(), ...flags],
      fileURLToPath(new URL(program, import.meta.url)),
      ...args,
    ], { core, maxFiles });
    this.#child = new Deno.Command(command, {
      args: commandArgs,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = readLines(
      this.#child.stdout.pipeThrough(new TextDecoderStream()),
    );
  }

  /** What to kill it by. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Has it do something, one thing at a time, and resolves to what it answers.
   *
   * @throws {Error} If it fails, or ends before it answers. One that takes a
   * minute is killed: some libraries leave calls without an answer.
   */
  async ask<T>(command: unknown): Promise<T> {
    const line = new TextEncoder().encode(JSON.stringify(command) + "\n");
    // One that has ended reads nothing, and is about to be noticed.
    await this.#input.write(line).catch(() => {});
    return await this.listen<T>();
  }

  /** Resolves to what it says by itself. */
  async listen<T>(): Promise<T> {
    let end = "ended before it answered";
    const timer = setTimeout(() => {
      end = `was killed, since it did not answer within ${LIMIT_MS / 1_000} s`;
      this.kill();
    }, LIMIT_MS);
    try {
      while (true) {
        const { done, value } = await this.#lines.next();
        if (done) throw new Error(`'${this.#what}' ${end}`);
        const reply = parseReply(value);
        if (reply === null) continue;
        if ("error" in reply) throw new Error(reply.error);
        return reply.answer as T;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it, at once. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that was killed reads no more.
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => this.kill(), 5_000);
    await this.#lines.return(undefined);
    await this.#child.status;
    clearTimeout(timer);
  }
}
