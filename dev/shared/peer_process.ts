import { importMapFlags } from "../checks/import_map_flags.ts";

/** Options of a {@linkcode PeerProcess}. */
export interface PeerProcessOptions {
  /** Environment variables, in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Receives each line that is no reply, except the first one. */
  readonly onLine?: (line: string) => void;
  /** Creates the error of a request from the error in its reply. */
  readonly toError?: (error: unknown) => Error;
  /**
   * The time limit of a request, in milliseconds. A process that takes longer
   * is killed.
   *
   * @default {Infinity}
   */
  readonly limitMs?: number;
  /**
   * Whether the process may end with an error, or keep running until it is
   * killed.
   *
   * @default {false}
   */
  readonly mayFail?: boolean;
}

type Reply =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly error: unknown };

/** The time for a process to end after its input, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * A child process that answers requests over its standard input and output, and
 * ends when its input ends. A request is a line of JSON, `{ id, act, … }`; its
 * reply is a line `{ id, ok }` or `{ id, error }`. Replies may come in any
 * order.
 */
export class PeerProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #options: PeerProcessOptions;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #first = Promise.withResolvers<string>();
  readonly #ended: Promise<Deno.CommandStatus>;
  #nextId = 0;
  #isOver = false;
  #isKilled = false;

  /** Starts a command, given as a program and its arguments. */
  constructor(command: readonly string[], options: PeerProcessOptions = {}) {
    const [program, ...args] = command;
    const { env = {} } = options;
    // The name of a script excludes the program, its flags and the folder: logs
    // and tables must not contain paths of this machine.
    const script = command.findIndex((it) => /\.[jt]s$/.test(it));
    this.#name = command.slice(Math.max(0, script)).join(" ")
      .replace(/^\S*\//, "");
    this.#options = options;
    this.#child = new Deno.Command(program!, {
      args,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    // Not every process prints a line, and not every caller waits for it.
    this.#first.promise.catch(() => {});
    this.#ended = this.#read();
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves to the first line that is not a reply. */
  get first(): Promise<string> {
    return this.#first.promise;
  }

  /**
   * Sends a request and resolves to the value in its reply.
   *
   * @throws {Error} If the act fails, or the process ends before it replies.
   */
  async ask<T = unknown>(act: string, args: object = {}): Promise<T> {
    if (this.#isOver) throw this.#ending();
    const id = this.#nextId++;
    const settled = Promise.withResolvers<unknown>();
    this.#pending.set(id, settled);
    const line = JSON.stringify({ id, act, ...args }) + "\n";
    // Requests that the process did not read are settled by its end.
    this.#input.write(new TextEncoder().encode(line)).catch(() => {});
    const { limitMs = Infinity } = this.#options;
    const timer = limitMs < Infinity
      ? setTimeout(() => this.kill(), limitMs)
      : undefined;
    try {
      return await settled.promise as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills the process; waits for its end and all its output. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.#ended;
    await this.#input.close().catch(() => {});
  }

  /**
   * Closes the standard input and waits for the process to end. Repeatable.
   *
   * @throws {Error} If the process fails by itself, or does not end in time.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    // A killed process has already closed it.
    await this.#input.close().catch(() => {});
    const { success } = await this.#ended;
    clearTimeout(timer);
    const isAllowed = this.#isKilled || this.#options.mayFail;
    if (!success && !isAllowed) throw this.#ending();
  }

  async #read(): Promise<Deno.CommandStatus> {
    let rest = "";
    let isFirst = true;
    const output = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const part of output) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (/^\{"id": ?\d/.test(line)) this.#settle(JSON.parse(line));
        else if (isFirst) {
          isFirst = false;
          this.#first.resolve(line);
        } else this.#options.onLine?.(line);
      }
    }
    const status = await this.#child.status;
    this.#isOver = true;
    this.#first.reject(this.#ending());
    for (const { reject } of this.#pending.values()) reject(this.#ending());
    this.#pending.clear();
    return status;
  }

  #settle(reply: Reply): void {
    const { resolve, reject } = this.#pending.get(reply.id)!;
    this.#pending.delete(reply.id);
    if ("ok" in reply) return resolve(reply.ok);
    const { toError = (error) => new Error(String(error)) } = this.#options;
    reject(toError(reply.error));
  }

  #ending(): Error {
    return new Error(`Running '${this.#name}': it ended before its time`);
  }
}

/** Returns the command that runs a module of this project with Deno. */
export function denoCommand(
  module: URL,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): string[] {
  return [
    ...[Deno.execPath(), "run", "-A", "--no-lock"],
    ...[...importMapFlags(), ...flags, module.href, ...args],
  ];
}

/** Acts that a process offers; each gets the fields of a request. */
// deno-lint-ignore no-explicit-any -- each act knows the fields of its requests
export type Acts = Readonly<Record<string, (args: any) => unknown>>;

/**
 * Answers the requests of a {@linkcode PeerProcess} with `acts`, one after
 * another, until the standard input ends.
 */
export async function answerRequests(acts: Acts): Promise<void> {
  let rest = "";
  for await (
    const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  ) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { id, act, ...args } = JSON.parse(line);
      printLine(await answerTo(id, () => acts[act]!(args)));
    }
  }
}

async function answerTo(id: number, act: () => unknown): Promise<string> {
  try {
    return JSON.stringify({ id, ok: await act() ?? null });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return JSON.stringify({ id, error: message });
  }
}

/**
 * Prints a line synchronously, so it is out even if the process dies
 * afterwards.
 */
export function printLine(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}
