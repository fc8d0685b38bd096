import { TimeoutError } from "../channel/errors.ts";
import type { Request } from "../channel/request.ts";
import type { ServedCall } from "./middleware.ts";

/** A call that this side serves. */
export class RunningCall implements ServedCall {
  readonly path: string;
  readonly remoteAddress: string;
  readonly peer: string | null;
  /** Middleware may change them. */
  args: readonly unknown[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly session: Map<string, unknown>;
  readonly id: number;
  /** Its result is a stream, with which it goes on. */
  isStreaming = false;
  readonly #deadline: number;
  #controller: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #aborted: { readonly reason: unknown } | null = null;

  constructor(
    request: Request,
    path: string,
    caller: { readonly remoteAddress: string; readonly peer: string | null },
    options: {
      readonly args: readonly unknown[];
      readonly session: Map<string, unknown>;
      readonly timeoutMs: number;
      readonly meta: CallMeta;
    },
  ) {
    this.args = options.args;
    this.session = options.session;
    this.id = request.id;
    this.path = path;
    this.remoteAddress = caller.remoteAddress;
    this.peer = caller.peer;
    this.meta = options.meta;
    this.#deadline = options.timeoutMs === Infinity
      ? Infinity
      : performance.now() + options.timeoutMs;
  }

  get remainingMs(): number {
    return this.#deadline === Infinity
      ? Infinity
      : Math.max(0, this.#deadline - performance.now());
  }

  /** Made, and the deadline's timer armed, when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) {
        this.#controller.abort(this.#aborted.reason);
      } else if (this.#deadline !== Infinity) {
        this.#timer = setTimeout(() => this.#expire(), this.remainingMs);
      }
    }
    return this.#controller.signal;
  }

  /** Tells the method that nobody waits for it any more. */
  abort(reason: unknown): void {
    this.end();
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  /** The method has ended, or nobody waits for it: no timer is needed. */
  end(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #expire(): void {
    this.abort(
      new TimeoutError(
        `Cannot go on with '${this.path}': its time is over`,
        0,
        true,
      ),
    );
  }
}

/** What a caller's middleware adds to its calls. */
export type CallMeta = Readonly<Record<string, unknown>>;
