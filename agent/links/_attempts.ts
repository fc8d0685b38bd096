import { actAsNobody } from "../messages/_acting.ts";
import type { Link } from "./_link.ts";

/** An attempt to connect that several callers share. */
interface Attempt {
  readonly link: Promise<Link>;
  readonly controller: AbortController;
  /**
   * The number of callers. When the last one leaves, the attempt is aborted.
   */
  waiting: number;
}

/**
 * The attempts of a container to connect to others. Callers that use the same
 * key share an attempt.
 */
export class Attempts {
  /** The latest unfinished attempt for each key. */
  readonly #latest = new Map<string, Attempt>();
  /** All unfinished attempts, including abandoned ones. */
  readonly #running = new Set<Attempt>();

  /** The number of unfinished attempts. */
  get size(): number {
    return this.#running.size;
  }

  /** Returns whether there is an attempt that a caller can join. */
  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /**
   * Joins the attempt of `key`, or begins one by `connect`. `wait` waits for
   * its connection on behalf of the caller, which may leave early.
   */
  async join(
    key: string,
    connect: (signal: AbortSignal) => Promise<Link>,
    wait: (link: Promise<Link>) => Promise<Link>,
  ): Promise<Link> {
    const attempt = this.#find(key) ?? this.#begin(key, connect);
    attempt.waiting++;
    try {
      return await wait(attempt.link);
    } finally {
      const isLast = --attempt.waiting === 0;
      // A finished attempt is not aborted, since that takes 7 % of a connect.
      if (isLast && this.#running.has(attempt)) attempt.controller.abort();
    }
  }

  /** Aborts all attempts. */
  abort(): void {
    for (const { controller } of this.#running) controller.abort();
  }

  /** Resolves when the attempts in progress have ended. Never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(Array.from(this.#running, (it) => it.link));
  }

  #find(key: string): Attempt | undefined {
    const attempt = this.#latest.get(key);
    return attempt !== undefined && attempt.waiting > 0 ? attempt : undefined;
  }

  #begin(
    key: string,
    connect: (signal: AbortSignal) => Promise<Link>,
  ): Attempt {
    const controller = new AbortController();
    const link = actAsNobody(() => connect(controller.signal));
    const attempt: Attempt = { link, controller, waiting: 0 };
    this.#latest.set(key, attempt);
    this.#running.add(attempt);
    const end = () => {
      this.#running.delete(attempt);
      if (this.#latest.get(key) === attempt) this.#latest.delete(key);
    };
    link.then(end, end);
    return attempt;
  }
}
