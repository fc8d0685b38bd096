import { DenomasError } from "../../transports/errors.ts";
import { queueMicrotask } from "../../transports/internal.ts";
import type { ByteStream } from "../../transports/transport.ts";
import { ServerParser, type ServerReceiver } from "./_server_parser.ts";

/** The callbacks of a subscription. */
export interface Receiver {
  /**
   * Receives a message. `data` and `reply`, which may be empty, are valid only
   * during the call.
   */
  message(data: Uint8Array, reply: Uint8Array): void;
  /** Called if a message that this side has sent had no subscriber. */
  nobody(): void;
  /** Called when no more messages will arrive. */
  end(error: unknown): void;
}

/** The information that a NATS server sends about itself. */
export interface ServerInfo {
  readonly version?: string;
  readonly headers?: boolean;
  readonly max_payload: number;
  readonly nonce?: string;
  readonly tls_required?: boolean;
}

/** The subjects of a {@linkcode Receiver}. */
export interface Subjects {
  /** The subject to subscribe to. */
  readonly subject: string;
  /**
   * The subject to which the owner publishes. The receiver ends if that is not
   * permitted.
   */
  readonly writesTo?: string;
  /** The queue group. Its members share the messages. */
  readonly queue?: string;
}

interface Subscription {
  readonly subjects: Subjects;
  readonly receiver: Receiver;
}

/** The size of the buffers that are kept for the next burst. */
const KEPT_BYTES = 128 * 1_024;

const encoder = new TextEncoder();
const LINE_END = encoder.encode("\r\n");
const NOTHING = new Uint8Array(0);

/**
 * The client side of the NATS protocol. Messages of one synchronous run are
 * sent in one write.
 */
export class NatsClient {
  /** The last information that the server has sent. */
  info: ServerInfo;
  readonly #stream: ByteStream;
  readonly #onEnd: (error: unknown) => void;
  readonly #subscriptions = new Map<number, Subscription>();
  #lastId = 0;
  /** The callbacks that wait for answers to pings, in order. */
  readonly #pongs: (() => void)[] = [];
  /**
   * The bytes to write, up to `#queued`; `#spare` is the buffer for the next
   * write.
   */
  #buffer = new Uint8Array(KEPT_BYTES);
  #queued = 0;
  #spare = new Uint8Array(KEPT_BYTES);
  #isFlushing = false;
  #isEnded = false;

  /**
   * Takes over a stream whose server has sent `info`. `onEnd` is called when
   * the connection is lost or closed, before all receivers.
   */
  constructor(
    stream: ByteStream,
    info: ServerInfo,
    onEnd: (error: unknown) => void,
  ) {
    this.#stream = stream;
    this.info = info;
    this.#onEnd = onEnd;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Logs in. Resolves once the server has accepted or refused this side. */
  async greet(options: object): Promise<void> {
    this.#read();
    this.#line(`CONNECT ${JSON.stringify(options)}`);
    await this.flushed();
  }

  /** Subscribes to messages. Returns a function that unsubscribes. */
  subscribe(subjects: Subjects, receiver: Receiver): () => void {
    const { subject, queue = "" } = subjects;
    const id = ++this.#lastId;
    this.#subscriptions.set(id, { subjects, receiver });
    this.#line(`SUB ${subject} ${queue} ${id}`);
    return () => {
      if (this.#subscriptions.delete(id)) this.#line(`UNSUB ${id}`);
    };
  }

  /**
   * Returns a function that publishes messages, each in two parts, to
   * `subject`. The server sends a notice to `reply` if a message has no
   * subscriber.
   */
  publisher(
    subject: string,
    reply = "",
  ): (head: Uint8Array, data?: Uint8Array) => void {
    const start = encoder.encode(`PUB ${subject} ${reply} `);
    return (head, data = NOTHING) => {
      const length = head.length + data.length;
      this.#push(start);
      this.#push(encoder.encode(`${length}\r\n`));
      this.#push(head);
      this.#push(data);
      this.#push(LINE_END);
    };
  }

  /**
   * Resolves once the server has processed all that was sent, or the connection
   * has ended.
   */
  flushed(): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#pongs.push(resolve);
      this.#line("PING");
    });
  }

  ref(): void {
    this.#stream.ref();
  }

  unref(): void {
    this.#stream.unref();
  }

  /** Ends the connection at once, with all receivers. Repeatable. */
  end(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#queued = 0;
    this.#stream.close();
    this.#onEnd(error);
    for (const { receiver } of this.#subscriptions.values()) {
      receiver.end(error);
    }
    this.#subscriptions.clear();
    for (const resolve of this.#pongs.splice(0)) resolve();
  }

  async #read(): Promise<void> {
    const parser = new ServerParser(this.#receiver());
    try {
      while (!this.#isEnded) {
        const bytes = await this.#stream.read(parser.space());
        if (this.#isEnded) return;
        if (bytes === null) throw new Error("it has ended the connection");
        parser.filled(bytes);
      }
    } catch (cause) {
      this.#lose(cause);
    }
  }

  #lose(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.end(
      new DenomasError(`Cannot go on with the NATS server: ${why}`, { cause }),
    );
  }

  #receiver(): ServerReceiver {
    const find = (id: number) => this.#subscriptions.get(id)?.receiver;
    return {
      info: (json) => void (this.info = JSON.parse(json)),
      message: (id, data, reply) => find(id)?.message(data, reply),
      nobody: (id) => find(id)?.nobody(),
      tooLong: (id) => find(id)?.message(NOTHING, NOTHING),
      ping: () => this.#line("PONG"),
      pong: () => this.#pongs.shift()?.(),
      error: (text) => this.#refused(text),
    };
  }

  /**
   * Handles an error of the server. Only a missing permission does not end the
   * connection.
   */
  #refused(text: string): void {
    const [, act, subject] =
      /^'Permissions Violation for (\w+) to "([^"]+)"/i.exec(text) ?? [];
    if (act === undefined) return this.#lose(new Error(`it says ${text}`));
    const key = act.toLowerCase() === "publish" ? "writesTo" : "subject";
    const error = new DenomasError(`The NATS server says ${text}`);
    for (const { subjects, receiver } of [...this.#subscriptions.values()]) {
      if (subjects[key] === subject) receiver.end(error);
    }
  }

  #line(text: string): void {
    this.#push(encoder.encode(`${text}\r\n`));
  }

  #push(bytes: Uint8Array): void {
    if (this.#isEnded) return;
    const wanted = this.#queued + bytes.length;
    if (wanted > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(wanted, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#queued));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#queued);
    this.#queued = wanted;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // In a microtask, not in the next turn: otherwise a burst would be sent as
    // a whole and the sides would wait for each other, which reduces the
    // throughput at 64 calls in flight to 0.7.
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      while (this.#queued > 0) {
        const full = this.#buffer;
        let rest = full.subarray(0, this.#queued);
        this.#buffer = this.#spare;
        this.#queued = 0;
        while (rest.length > 0) {
          rest = rest.subarray(await this.#stream.write(rest));
        }
        this.#spare = full.length > KEPT_BYTES
          ? new Uint8Array(KEPT_BYTES)
          : full;
      }
    } catch (cause) {
      this.#lose(cause);
    }
    this.#isFlushing = false;
  }
}
