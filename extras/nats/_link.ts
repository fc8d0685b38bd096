import { setRealTimer, world } from "../../transports/internal.ts";
import type { NatsClient, Receiver, Subjects } from "./_client.ts";
import { dial } from "./_dial.ts";
import type { NatsConnectionOptions } from "./options.ts";
import { repeat } from "./_repeat.ts";
import type { NatsStream } from "./_stream.ts";

/** Longer messages would delay the others on their way through a server. */
const MAX_MESSAGE_BYTES = 64 * 1_024;

/** How long a link waits at its end for the server to process what was sent. */
const FLUSH_LIMIT_MS = 1_000;

/** How often the server is pinged; it must answer within the same time. */
const PING_MS = 10_000;

/** Keeps a link open and, unless unreferenced, the process alive. */
export interface Hold {
  ref(): void;
  unref(): void;
  /**
   * Repeatable. Resolves once the link has ended, if this was the last hold.
   */
  release(): Promise<void>;
}

/**
 * A connection to a NATS server, shared by its holders. When it is lost,
 * everything that uses it ends: nothing is sent later over a new connection.
 */
export class Link {
  readonly #client: NatsClient;
  readonly #inboxPrefix: string;
  readonly #streams = new Set<NatsStream>();
  readonly #timers: readonly { stop(): void }[];
  #holds = 0;
  #refs = 0;
  #isClosing = false;
  #isPinging = false;

  private constructor(
    client: NatsClient,
    inboxPrefix: string,
    probeMs: number,
  ) {
    this.#client = client;
    this.#inboxPrefix = inboxPrefix;
    this.#timers = [
      repeat(probeMs, () => this.#probe()),
      repeat(PING_MS, () => this.#ping()),
    ];
  }

  /**
   * Connects to `server`, or to the next reachable server of the options.
   *
   * @throws {ConnectError} If no server can be reached and accepts this side.
   */
  static async open(
    server: string,
    options: NatsConnectionOptions,
    probeMs: number,
  ): Promise<Link> {
    const { servers = [], inboxPrefix = "_INBOX" } = options;
    let link: Link | null = null;
    const onEnd = () => {
      if (link !== null) link.#ended();
    };
    const others = [servers].flat().map((it) => it.replace(/^nats:\/\//, ""));
    for (const [at, host] of [server, ...others].entries()) {
      try {
        const client = await dial(host, options, onEnd);
        link = new Link(client, inboxPrefix, probeMs);
        if (client.isEnded) link.#ended();
        return link;
      } catch (error) {
        if (at === others.length) throw error;
      }
    }
    throw new TypeError("Cannot connect to NATS: there is no server");
  }

  /**
   * The maximum message size: that of the server, or the one that does not
   * delay others.
   */
  get maxBytes(): number {
    return Math.min(MAX_MESSAGE_BYTES, this.#client.info.max_payload);
  }

  /**
   * Keeps the link open until the result is released. Returns `null` if the
   * link is ending or has ended.
   */
  hold(): Hold | null {
    if (this.#isClosing || this.#client.isEnded) return null;
    this.#holds++;
    let isRef = false;
    let released: Promise<void> | null = null;
    const count = (wanted: boolean) => {
      if (isRef === wanted || released !== null) return;
      isRef = wanted;
      this.#refs += wanted ? 1 : -1;
      if (this.#refs > 0) this.#client.ref();
      else if (this.#holds > 0) this.#client.unref();
    };
    count(true);
    return {
      ref: () => count(true),
      unref: () => count(false),
      release: () => {
        if (released !== null) return released;
        const isLast = --this.#holds === 0;
        count(false);
        return released = isLast ? this.#close() : Promise.resolve();
      },
    };
  }

  /** Returns a new inbox that cannot be guessed. */
  inbox(): string {
    return `${this.#inboxPrefix}.${world.uuid().replaceAll("-", "")}`;
  }

  /** Subscribes to messages. Returns a function that unsubscribes. */
  subscribe(subjects: Subjects, receiver: Receiver): () => void {
    return this.#client.subscribe(subjects, receiver);
  }

  /**
   * Returns a function that publishes messages: see
   * {@linkcode NatsClient.publisher}.
   */
  publisher(...args: Parameters<NatsClient["publisher"]>): ReturnType<
    NatsClient["publisher"]
  > {
    return this.#client.publisher(...args);
  }

  /**
   * Resolves once the server has processed all that was sent, or the link has
   * ended.
   */
  flushed(): Promise<void> {
    return this.#client.flushed();
  }

  /**
   * Probes the peer of `stream` regularly. Returns a function that stops this.
   */
  watch(stream: NatsStream): () => void {
    this.#streams.add(stream);
    return () => this.#streams.delete(stream);
  }

  #probe(): void {
    for (const stream of this.#streams) stream.probe();
  }

  async #ping(): Promise<void> {
    if (this.#isPinging) {
      return this.#client.end(new Error("The NATS server does not answer"));
    }
    this.#isPinging = true;
    await this.flushed();
    this.#isPinging = false;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    const limit = Promise.withResolvers<void>();
    const timer = setRealTimer(FLUSH_LIMIT_MS, limit.resolve);
    await Promise.race([this.flushed(), limit.promise]);
    timer.stop();
    this.#client.end(null);
  }

  #ended(): void {
    for (const timer of this.#timers) timer.stop();
  }
}

/**
 * Returns whether `subject` is an inbox. A peer may name only inboxes for
 * answers.
 */
export function isInbox(subject: string): boolean {
  return /^_INBOX[\w-]*(\.[\w-]+)+$/.test(subject);
}
