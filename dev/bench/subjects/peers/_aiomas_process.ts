import { fileURLToPath } from "node:url";
import { pythonEnv } from "../../../checks/python_env.ts";
import { linesOf } from "./_text_lines.ts";

/** Resolves to why there is no Python with aiomas, or to `null` if there is. */
export async function noAiomas(): Promise<string | null> {
  const env = await pythonEnv();
  return "missing" in env ? env.missing : null;
}

/**
 * Runs `aiomas_peer.py` as its own docs say.
 *
 * @throws {Error} If there is no Python with aiomas, or it ends at once.
 */
export async function startAiomas(
  role: "serve" | "call",
  host: string,
  port: number,
): Promise<AiomasProcess> {
  const env = await pythonEnv();
  if ("missing" in env) throw new Error(`Cannot run aiomas: ${env.missing}`);
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const child = new Deno.Command(env.python, {
    args: ["-B", here("aiomas_peer.py"), role, host, String(port)],
    // Stand-ins for what aiomas needs of Pythons that are older.
    env: { PYTHONPATH: here("../../../interop/python") },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = linesOf(child.stdout);
  const { done, value } = await lines.next();
  if (done) {
    await child.stdin.close();
    const { code } = await child.status;
    throw new Error(`Cannot run aiomas: its program ended with code ${code}`);
  }
  return new AiomasProcess(child, lines, JSON.parse(value));
}

type Reply =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly error: string };

/** The program, which disposal ends. It ends with this process, too. */
export class AiomasProcess implements AsyncDisposable {
  /** The first that it has told. */
  readonly greeting: unknown;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #read: Promise<void>;
  #nextId = 0;

  /** Takes over the process. */
  constructor(
    child: Deno.ChildProcess,
    lines: AsyncIterable<string>,
    greeting: unknown,
  ) {
    this.greeting = greeting;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#read = this.#readReplies(lines);
  }

  /** Has its client do the `act`. */
  async do<T>(act: string, ...args: unknown[]): Promise<T> {
    const id = this.#nextId++;
    const settled = Promise.withResolvers<unknown>();
    this.#pending.set(id, settled);
    const line = JSON.stringify({ id, act, args }) + "\n";
    await this.#input.write(new TextEncoder().encode(line));
    return await settled.promise as T;
  }

  /** Ends it, and waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#read;
    await this.#child.status;
  }

  async #readReplies(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const reply: Reply = JSON.parse(line);
      const { resolve, reject } = this.#pending.get(reply.id)!;
      this.#pending.delete(reply.id);
      if ("ok" in reply) resolve(reply.ok);
      else reject(new Error(`aiomas raised ${reply.error}`));
    }
    for (const { reject } of this.#pending.values()) {
      reject(new Error("aiomas ended before it answered"));
    }
  }
}
