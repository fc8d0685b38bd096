/** By which a process is asked to end; Windows has only the first. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** A signal that aborts when the process is asked to end, or `outer` aborts. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #interrupt = () => this.#controller.abort(this.#outer?.reason);

  /** Listens until it is disposed of. */
  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#interrupt);
    outer?.addEventListener("abort", this.#interrupt);
    if (outer?.aborted) this.#interrupt();
  }

  /** Aborts then. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The process ends as usual again. */
  [Symbol.dispose](): void {
    for (const name of SIGNALS) {
      Deno.removeSignalListener(name, this.#interrupt);
    }
    this.#outer?.removeEventListener("abort", this.#interrupt);
  }
}
