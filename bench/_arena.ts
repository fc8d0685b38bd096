import { join } from "@std/path";
import type { Comparison } from "./comparisons.ts";
import {
  serveInProcess,
  type ServerProcessOptions,
} from "./_server_process.ts";
import { subjectNamed } from "./subjects/all.ts";
import type { Caller } from "./subjects/subject.ts";
import { warmUp } from "./_workload.ts";

/**
 * Starts servers and connects to them. A server is started when it is first
 * asked for and kept: one that nobody calls costs nothing.
 */
export class Arena implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #callers = new Map<string, Promise<Caller>>();
  readonly #folder: string;
  readonly #servers: ServerProcessOptions;

  /** `servers` says how each server is run. */
  constructor(servers: ServerProcessOptions) {
    this.#servers = servers;
    const folder = this.#folder = Deno.makeTempDirSync({ prefix: "bench-" });
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  /**
   * A connected client of `subject`. Another `copy` has another server and
   * connection, but the same code: it is for measuring a subject against
   * itself.
   */
  caller(
    subject: string,
    transport: Comparison["transport"],
    copy: number = 0,
  ): Promise<Caller> {
    const key = `${subject}-${transport}-${copy}`;
    let caller = this.#callers.get(key);
    if (caller === undefined) {
      caller = this.#connect(subject, transport, key);
      this.#callers.set(key, caller);
    }
    return caller;
  }

  async #connect(
    name: string,
    transport: Comparison["transport"],
    key: string,
  ): Promise<Caller> {
    const subject = subjectNamed(name);
    const serving = transport === "memory"
      ? await subject.serve(`local://${key}`)
      : await serveInProcess(
        name,
        transport === "tcp"
          ? "tcp://127.0.0.1:0"
          : `ipc://[${join(this.#folder, `${key}.sock`)}]`,
        this.#servers,
      );
    this.#stack.use(serving);
    const caller = this.#stack.use(await subject.connect(serving.address));
    await warmUp(caller);
    return caller;
  }

  /**
   * Removes its folder, at once, where nothing can be awaited any more. The
   * servers end with this process.
   */
  abandon(): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
