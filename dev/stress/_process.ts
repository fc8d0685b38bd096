import { importMapFlags } from "../checks/import_map_flags.ts";

/** How long a process may take to end when it is asked to, in milliseconds. */
const GRACE_MS = 10_000;

/** How a process is started. */
export interface PeerProcessOptions {
  /** The name of a program in `peers/`. */
  readonly program: string;
  /** What it is to do, as plain data. */
  readonly task?: unknown;
  /** Whether others are to have the processor first. */
  readonly isNice?: boolean;
  /** Hears each line that it prints after the first. */
  readonly onLine?: (line: string) => void;
}

/**
 * A process of this machine that a stress run started. Its end dismisses it, and
 * so does the end of this process.
 */
export class PeerProcess implements AsyncDisposable {
  /** The first line that it prints, which says that it is ready. */
  readonly ready: Promise<string>;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #program: string;
  #isKilled = false;

  /** Starts it. */
  constructor({ program, task = null, isNice, onLine }: PeerProcessOptions) {
    this.#program = program;
    const script = new URL(`./peers/${program}`, import.meta.url).href;
    const command = [Deno.execPath(), "run", "-A", "--no-lock"];
    command.push("--v8-flags=--expose-gc", ...importMapFlags(), script);
    command.push(JSON.stringify(task));
    // Windows has no such program.
    if (isNice && Deno.build.os !== "windows") command.unshift("nice");
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.ready = promise;
    // Nobody may wait for a process that is to be killed.
    promise.catch(() => {});
    let isReady = false;
    this.#reading = this.#read((line) => {
      if (isReady) return onLine?.(line);
      isReady = true;
      resolve(line);
    }).finally(() => reject(new Error(`'${program}' ended before its time`)));
  }

  /** Hears whole lines to the very end: what a process has written remains. */
  async #read(hear: (line: string) => void): Promise<void> {
    let rest = "";
    const output = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const part of output) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      for (const line of lines) hear(line);
    }
    await this.#child.status;
  }

  /** Kills it, as a crash would, and waits for all that it has printed. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#signal();
    await this.dismiss();
  }

  #signal(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself, as its status tells.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /**
   * Asks it to end, and waits for all that it has printed. Repeatable.
   *
   * @throws {Error} If it fails by itself, or does not end.
   */
  async dismiss(): Promise<void> {
    const timer = setTimeout(() => this.#signal(), GRACE_MS);
    // It may have ended already, and its input with it.
    await this.#child.stdin.close().catch(() => {});
    await this.#reading;
    clearTimeout(timer);
    const { success, code, signal } = await this.#child.status;
    // Windows has no signals.
    const wasKilled = signal !== null || Deno.build.os === "windows";
    if (success || (this.#isKilled && wasKilled)) return;
    throw new Error(`'${this.#program}' ended with code ${code}, wanted 0`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dismiss();
  }
}
