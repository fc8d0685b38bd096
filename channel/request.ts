import { FAILURE, type ReplyType, RESULT } from "./message.ts";

/** A request of the other side. Answer each request once. */
export interface Request {
  /** The content that the other side sent. */
  readonly content: unknown;
  /** The id of the request. The other side counts from 0. */
  readonly id: number;
  /**
   * A signal that aborts when the connection ends before the request is
   * answered. Its reason is the `ConnectionClosedError`.
   */
  readonly signal: AbortSignal;
  /**
   * Answers with `value`, which is encoded before this returns. Resolves when
   * there is room in the send queue, so a handler that awaits it is no faster
   * than its peer. If the connection has ended, this resolves and the reply is
   * counted as dropped.
   *
   * @throws {TypeError} Synchronously, if the request was already answered.
   * @throws {SerializationError} If `value` cannot be sent. The other side gets
   * this error as a failure.
   * @throws {FrameTooLargeError} If `value` is too large. The other side gets
   * this error as a failure.
   */
  reply(value: unknown): Promise<void>;
  /**
   * Answers with a failure. An `Error` is sent as a text that ends with its
   * name and message. Any other value is sent as it is. Otherwise this works
   * like `reply`.
   */
  fail(error: unknown): Promise<void>;
}

/** Answers requests. The part of a channel that a request needs. */
export interface Answerer {
  /** Sends the answer to `request`, which is a failure or a result. */
  answer(
    request: IncomingRequest,
    type: ReplyType,
    content: unknown,
    context: unknown,
  ): Promise<void>;
  /** Like `answer`, but at once. If this throws, `request` stays unanswered. */
  tryAnswer(
    request: IncomingRequest,
    type: ReplyType,
    content: unknown,
    context: unknown,
  ): void;
  /** Returns why the answer is no longer awaited, or `null` if it is. */
  lossError(request: IncomingRequest): Error | null;
}

/** The {@linkcode Request} of a channel. */
export class IncomingRequest implements Request {
  /** Replaced when a request that admission has held back is revived. */
  content: unknown;
  readonly id: number;
  /** The context with which the request was revived; `null` before that. */
  context: object | null = null;
  /** Whether the request gets no answer: `reply` and `fail` only end it. */
  readonly isOneWay: boolean;
  /** The memory that the request is counted with, in bytes. */
  readonly bytes: number;
  readonly #answerer: Answerer;
  #answered = false;
  #controller: AbortController | null = null;

  /** Creates a request that `answerer` answers. */
  constructor(
    answerer: Answerer,
    id: number,
    isOneWay: boolean,
    content: unknown,
    bytes: number,
  ) {
    this.#answerer = answerer;
    this.id = id;
    this.isOneWay = isOneWay;
    this.content = content;
    this.bytes = bytes;
  }

  /** Created when it is first read. Most handlers never read it. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      const lost = this.#answered ? null : this.#answerer.lossError(this);
      if (lost !== null) this.#controller.abort(lost);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal, because the answer is no longer awaited. */
  lose(error: () => Error): void {
    this.#controller?.abort(error());
  }

  /** `context` is passed to the custom types in `value`. */
  reply(value: unknown, context?: unknown): Promise<void> {
    return this.#answer(RESULT, value, context);
  }

  fail(error: unknown): Promise<void> {
    return this.#answer(FAILURE, error, undefined);
  }

  /**
   * Like `reply`, but does not wait for room in the send queue. If `value`
   * cannot be sent, this throws and the request can still be answered.
   */
  tryReply(value: unknown, context?: unknown): void {
    this.#checkUnanswered();
    this.#answerer.tryAnswer(this, RESULT, value, context);
    this.#answered = true;
  }

  #answer(
    type: ReplyType,
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
      `Cannot answer request ${this.id}: it was already answered, call 'reply' or 'fail' once`,
    );
  }
}
