import type { CloseReason } from "../../channel/errors.ts";
import type { SessionContext } from "../_session_context.ts";
import type { Hello } from "./_hello.ts";

/** A session with the parts that are involved in closing it. */
type ClosingContext = SessionContext & {
  readonly hello: Hello;
  readonly streams: { failEndless(): void };
};

/** Closes a connection gracefully, so that neither side loses a call. */
export class Closing {
  /** Whether the other side has begun to close the connection. */
  isDraining = false;
  /** Whether the other side may not know yet that this side is closing. */
  isAnnouncing = false;
  #isAnnounced = false;
  #hasBegun = false;
  readonly #session: ClosingContext;
  /** Created on demand, like the promise: few sessions need them. */
  #controller: AbortController | null = null;
  #leaving: PromiseWithResolvers<CloseReason> | null = null;
  /** Why the connection has ended or the other side is closing it, if so. */
  #reason: CloseReason | null = null;

  /** Belongs to `session`. */
  constructor(session: ClosingContext) {
    this.#session = session;
  }

  /** Aborts when this side begins to close the connection gracefully. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#hasBegun) this.#abort();
    }
    return this.#controller.signal;
  }

  #abort(): void {
    const message = "This side closes the connection, finish soon";
    this.#controller?.abort(new DOMException(message, "AbortError"));
  }

  /**
   * Resolves when the other side begins to close the connection, or the
   * connection has ended. Later calls are refused; earlier ones may still
   * succeed.
   */
  get left(): Promise<CloseReason> {
    if (this.#leaving === null) {
      this.#leaving = Promise.withResolvers();
      if (this.#reason !== null) this.#leaving.resolve(this.#reason);
    }
    return this.#leaving.promise;
  }

  #leave(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#leaving?.resolve(reason);
  }

  /** Called when this side begins to close the connection. */
  begin(): void {
    this.#hasBegun = true;
    this.#abort();
    const { hello, streams } = this.#session;
    streams.failEndless();
    if (hello.isExpected) {
      // The peer may have sent a hello and calls before it learns of the
      // closing.
      this.isAnnouncing = true;
      hello.answered.then(() => this.announce());
    } else this.announce();
  }

  /**
   * Tells the peer that this side is closing, if it is. A peer that does not
   * support this is not told.
   */
  announce(): void {
    const { channel, hello } = this.#session;
    if (!this.#hasBegun || this.#isAnnounced) return;
    if (!hello.takesDrain) {
      this.isAnnouncing = false;
      return channel.finishIfIdle();
    }
    // The answer arrives after all calls that the other side sent before it
    // knew. By then each of these calls was refused, and none is lost.
    this.#isAnnounced = true;
    this.isAnnouncing = true;
    const onAnswer = () => {
      this.isAnnouncing = false;
      channel.finishIfIdle();
    };
    channel.calls.send(["$/drain", [], {}]).then(onAnswer, onAnswer);
  }

  /** Called when the other side begins to close the connection. */
  drain(): void {
    this.isDraining = true;
    this.#leave({
      by: "peer",
      code: "draining",
      message: "the peer is closing the connection",
    });
  }

  /** Called when the connection has ended. */
  end(reason: CloseReason): void {
    this.#leave(reason);
  }
}
