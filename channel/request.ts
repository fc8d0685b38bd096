import { FAILURE, RESULT } from "./message.ts";

/** A request of the other side, to be answered once. */
export interface Request {
  /** What was sent. */
  readonly content: unknown;
  /** Its id; the other side counts from 0. */
  readonly id: number;
  /**
   * Aborts when the connection ends before the request is answered. Its reason
   * is the `ConnectionClosedError`.
   */
  readonly signal: AbortSignal;
  /**
   * Answers with `value`, which is encoded before this returns. Resolves once
   * there is room in the queue to write, so a handler that awaits it goes no
   * faster than its peer. If the connection is gone it resolves and the reply
   * is counted as dropped.
   *
   * @throws {TypeError} At once, if the request was answered before.
   * @throws {SerializationError} If `value` cannot be sent; the other side is
   * sent this error as a failure.
   * @throws {FrameTooLargeError} If `value` is too large; likewise.
   */
  reply(value: unknown): Promise<void>;
  /**
   * Answers with a failure: for an `Error` a text that ends with its name and
   * message, anything else as it is. In all else like `reply`.
   */
  fail(error: unknown): Promise<void>;
}

/** What a request needs of its channel. */
export interface Answerer {
  /** Sends the answer to `request`. */
  answer(
    request: IncomingRequest,
    type: typeof RESULT | typeof FAILURE,
    content: unknown,
    context: unknown,
  ): Promise<void>;
  /** Sends the result of `request`, which stays unanswered if this throws. */
  tryAnswer(
    request: IncomingRequest,
    result: unknown,
    context: unknown,
  ): void;
  /** Returns why nobody waits for the answer any more, or `null`. */
  lossError(request: IncomingRequest): Error | null;
}

/** The {@linkcode Request} of a channel. */
export class IncomingRequest implements Request {
  /** Is put in later where nobody knew yet whose request it is. */
  content: unknown;
  readonly id: number;
  /** What it counts: the length of its payload, or more for what is in it. */
  readonly bytes: number;
  readonly #answerer: Answerer;
  #answered = false;
  #controller: AbortController | null = null;

  /** Made by the channel that received it. */
  constructor(
    answerer: Answerer,
    id: number,
    content: unknown,
    bytes: number,
  ) {
    this.#answerer = answerer;
    this.id = id;
    this.content = content;
    this.bytes = bytes;
  }

  /** Made when first asked for: most handlers never ask. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      const lost = this.#answered ? null : this.#answerer.lossError(this);
      if (lost !== null) this.#controller.abort(lost);
    }
    return this.#controller.signal;
  }

  /** Tells the handler, if it asked, that nobody waits for the answer. */
  lose(error: () => Error): void {
    this.#controller?.abort(error());
  }

  /** As users have it; `context` reaches the custom types in `value`. */
  reply(value: unknown, context?: unknown): Promise<void> {
    return this.#answer(RESULT, value, context);
  }

  fail(error: unknown): Promise<void> {
    return this.#answer(FAILURE, error, undefined);
  }

  /**
   * Like `reply`, but a value that cannot be sent is only thrown: the request
   * can still be answered. Waits for no room in the queue.
   */
  tryReply(value: unknown, context?: unknown): void {
    this.#checkUnanswered();
    this.#answerer.tryAnswer(this, value, context);
    this.#answered = true;
  }

  #answer(
    type: typeof RESULT | typeof FAILURE,
    content: unknown,
    context: unknown,
  ): Promise<void> {
    this.#checkUnanswered();
    this.#answered = true;
    return this.#answerer.answer(this, type, content, context);
  }

  #checkUnanswered(): void {
    if (!this.#answered) return;
    throw new TypeError(
      `Cannot answer request ${this.id}: it was answered before, call 'reply' or 'fail' once`,
    );
  }
}
