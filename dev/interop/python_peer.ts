import { fileURLToPath } from "node:url";
import { pythonEnv } from "../checks/python_env.ts";

/** The Python that has aiomas, or why there is none. */
export const env: Awaited<ReturnType<typeof pythonEnv>> = await pythonEnv();

/** Thrown when a command fails over there. */
export class PythonError extends Error {
  override name = "PythonError";
  /** The class of what was raised. */
  readonly raised: string;
  /** The traceback that aiomas got from this side, if it did. */
  readonly remote: string | null;

  /** Made from what the program tells. */
  constructor({ name, message, remote, trace }: Raised) {
    super(`${name}: ${message}`, { cause: trace });
    this.raised = name;
    this.remote = remote;
  }
}

interface Raised {
  readonly name: string;
  readonly message: string;
  readonly remote: string | null;
  readonly trace: string;
}

type Answer =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly error: Raised };

/** How long it may take to end by itself before it is killed. */
const END_MS = 2_000;

/**
 * The program `python/peer.py` in a process of its own, which serves and calls
 * by the real aiomas as it is told. It ends with this object, at the latest
 * with this process.
 */
export class PythonPeer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #read: Promise<void>;
  #next = 0;
  #isOver = false;

  /** Starts it. */
  constructor() {
    if ("missing" in env) throw new Error(`No Python: ${env.missing}`);
    const script = new URL("python/peer.py", import.meta.url);
    this.#child = new Deno.Command(env.python, {
      args: ["-B", fileURLToPath(script)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#read = this.#readAnswers();
  }

  /** Does what the method `act` of the program does. */
  async do<T = unknown>(act: string, args: object = {}): Promise<T> {
    const id = this.#next++;
    const settled = Promise.withResolvers<unknown>();
    this.#pending.set(id, settled);
    const line = JSON.stringify({ id, act, ...args }) + "\n";
    await this.#input.write(new TextEncoder().encode(line));
    return await settled.promise as T;
  }

  /** Kills it, as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // It may have been killed, and its input with it.
    await this.#input.close().catch(() => {});
    const tooLong = setTimeout(() => this.kill(), END_MS);
    await this.#child.status;
    clearTimeout(tooLong);
    await this.#read;
  }

  async #readAnswers(): Promise<void> {
    this.#child.status.then(() => this.#isOver = true);
    let text = "";
    const decoder = new TextDecoderStream();
    for await (const part of this.#child.stdout.pipeThrough(decoder)) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) this.#settle(JSON.parse(line));
    }
    for (const { reject } of this.#pending.values()) {
      reject(new Error("The program in Python ended before it answered"));
    }
  }

  #settle(answer: Answer): void {
    const { resolve, reject } = this.#pending.get(answer.id)!;
    this.#pending.delete(answer.id);
    if ("error" in answer) reject(new PythonError(answer.error));
    else resolve(answer.ok);
  }
}
