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
  readonly #session: ClosingContext;
  readonly #controller = new AbortController();
  readonly #left = Promise.withResolvers<CloseReason>();

  /** Belongs to `session`. */
  constructor(session: ClosingContext) {
    this.#session = session;
  }

  /** Aborts when this side begins to close the connection with some grace. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Resolves when the other side begins to close the connection, or it has ended.
   * Calls that are made after that are refused, and others may still end well.
   */
  get left(): Promise<CloseReason> {
    return this.#left.promise;
  }

  /** This side begins to close the connection. */
  begin(): void {
    const message = "This side closes the connection, finish soon";
    this.#controller.abort(new DOMException(message, "AbortError"));
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
    if (!this.signal.aborted || this.#isAnnounced) return;
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
    this.#left.resolve({
      by: "peer",
      code: "draining",
      message: "the peer is closing the connection",
    });
  }

  /** The connection has ended. */
  end(reason: CloseReason): void {
    this.#left.resolve(reason);
  }
}
