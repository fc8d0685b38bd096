import type { CloseReason } from "../../channel/errors.ts";
import type { SessionContext } from "../_session_context.ts";
import type { Hello } from "./_hello.ts";

/** A session with the parts that take part in its end. */
type ClosingContext = SessionContext & {
  readonly hello: Hello;
  readonly streams: { failEndless(): void };
};

/** Ends a connection with some grace, so that neither side loses a call. */
export class Closing {
  /** Whether the other side has begun to close the connection. */
  isDraining = false;
  /** Whether the other side may not know yet that this one closes. */
  isAnnouncing = false;
  #isAnnounced = false;
  #hasBegun = false;
  readonly #session: ClosingContext;
  /** Made, like the promise, when somebody asks: few do. */
  #controller: AbortController | null = null;
  #leaving: PromiseWithResolvers<CloseReason> | null = null;
  /** Why the other side has left, or begins to. */
  #reason: CloseReason | null = null;

  /** Belongs to `session`. */
  constructor(session: ClosingContext) {
    this.#session = session;
  }

  /** Aborts when this side begins to close the connection with some grace. */
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
   * Resolves when the other side begins to close the connection, or it has ended.
   * Calls that are made after that are refused, and others may still end well.
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

  /** This side begins to close the connection. */
  begin(): void {
    this.#hasBegun = true;
    this.#abort();
    const { hello, streams } = this.#session;
    streams.failEndless();
    if (hello.isExpected) {
      // It may have sent a hello, and calls behind it, before it could know.
      this.isAnnouncing = true;
      hello.answered.then(() => this.announce());
    } else this.announce();
  }

  /** Tells the peer that this side closes, if it does and the peer may know. */
  announce(): void {
    const { channel, hello } = this.#session;
    if (!this.#hasBegun || this.#isAnnounced) return;
    if (!hello.takesDrain) {
      this.isAnnouncing = false;
      return channel.finishIfIdle();
    }
    // The answer comes after all that the other side has sent before it knew: by
    // then each of these calls was refused, and none is lost.
    this.#isAnnounced = true;
    this.isAnnouncing = true;
    const onAnswer = () => {
      this.isAnnouncing = false;
      channel.finishIfIdle();
    };
    channel.calls.send(["$/drain", [], {}]).then(onAnswer, onAnswer);
  }

  /** The other side begins to close the connection. */
  drain(): void {
    this.isDraining = true;
    this.#leave({
      by: "peer",
      code: "draining",
      message: "the peer is closing the connection",
    });
  }

  /** The connection has ended. */
  end(reason: CloseReason): void {
    this.#leave(reason);
  }
}
