import {
  connect,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "@nats-io/transport-node";
import { ConnectError, DenomasError } from "../../transports/errors.ts";
import {
  setRealTimer,
  world,
  type WorldTimer,
} from "../../transports/internal.ts";
import type { NatsConnectionOptions } from "./options.ts";
import type { NatsStream } from "./_stream.ts";

/** A longer message holds up the others on their way through a server. */
const MAX_MESSAGE_BYTES = 64 * 1_024;

/** How long a link waits for the server to take what was sent before it ends. */
const FLUSH_LIMIT_MS = 1_000;

/** How often the server is asked for a sign of life, which it has as long to give. */
const PING_MS = 10_000;

const INBOX = "_INBOX";

/** What a subscription of a {@linkcode Link} gets. */
export interface Receiver {
  /** A message; `reply` is the sender's inbox, or empty. */
  message(data: Uint8Array, reply: string): void;
  /** Nobody has subscribed to what this side has sent a message to. */
  nobody(): void;
  /** No message comes any more. */
  end(error: unknown): void;
}

/** Something that keeps a link, and possibly the process with it, open. */
export interface Hold {
  ref(): void;
  unref(): void;
  /** Repeatable. Resolves once the link has ended, if this was the last hold. */
  release(): Promise<void>;
}

/**
 * A connection to a NATS server, which those share who hold it. When it is lost it
 * ends with all that goes over it: nothing is sent later, on another one.
 */
export class Link {
  /** Resolves once it has ended, to the error if it was lost. */
  readonly ended: Promise<unknown>;
  readonly #nc: NatsConnection;
  readonly #inboxPrefix: string;
  readonly #receivers = new Map<Subscription, Receiver>();
  readonly #streams = new Set<NatsStream>();
  #holds = 0;
  #refs = 0;
  #isClosing = false;
  #isEnded = false;
  #isPinging = false;
  readonly #timers: readonly { stop(): void }[];

  private constructor(
    nc: NatsConnection,
    inboxPrefix: string,
    probeMs: number,
  ) {
    this.#nc = nc;
    this.#inboxPrefix = inboxPrefix;
    // Its timer would keep the process alive.
    partsOf(nc).heartbeats?.cancel?.();
    this.#timers = [
      repeat(probeMs, () => this.#probe()),
      repeat(PING_MS, () => this.#ping()),
    ];
    this.ended = nc.closed().then((cause) => this.#end(cause));
  }

  /**
   * Connects to `server`.
   *
   * @throws {ConnectError} If it cannot be reached, or is too old.
   */
  static async open(
    server: string,
    options: NatsConnectionOptions,
    probeMs: number,
  ): Promise<Link> {
    const { servers = [], inboxPrefix = INBOX } = options;
    if (!isInbox(`${inboxPrefix}.x`)) {
      throw new TypeError(
        `Cannot connect to NATS: 'inboxPrefix' is '${inboxPrefix}', it must begin with '${INBOX}'`,
      );
    }
    const nc = await connect({
      ...options,
      inboxPrefix,
      servers: [server, servers].flat(),
      noRandomize: true,
      ignoreClusterUpdates: true,
      reconnect: false,
    });
    if (nc.info?.headers) return new Link(nc, inboxPrefix, probeMs);
    await nc.close();
    const address = `nats://${server}`;
    throw new ConnectError(
      `Cannot connect to '${address}': its version is ${nc.info?.version}, wanted 2.2 or later`,
      { address },
    );
  }

  /** The longest message that its server takes, or that is good for others. */
  get maxBytes(): number {
    return Math.min(MAX_MESSAGE_BYTES, this.#nc.info!.max_payload);
  }

  /** Keeps the link open until the result is released; `null` if it ends. */
  hold(): Hold | null {
    if (this.#isClosing || this.#isEnded) return null;
    this.#holds++;
    let isRef = false;
    let released: Promise<void> | null = null;
    const count = (wanted: boolean) => {
      if (isRef === wanted || released !== null) return;
      isRef = wanted;
      this.#refs += wanted ? 1 : -1;
      this.#applyRefs();
    };
    count(true);
    return {
      ref: () => count(true),
      unref: () => count(false),
      release: () => {
        count(false);
        return released ??= --this.#holds === 0
          ? this.#close()
          : Promise.resolve();
      },
    };
  }

  /** Returns an inbox that nobody can guess. */
  inbox(): string {
    return `${this.#inboxPrefix}.${world.uuid().replaceAll("-", "")}`;
  }

  /** Gets messages to `subject`; returns how to get no more. */
  subscribe(
    subject: string,
    receiver: Receiver,
    options: { readonly queue?: string } = {},
  ): () => void {
    const callback = (error: Error | null, message: Msg) => {
      if (error !== null) return receiver.end(error);
      const { data } = message;
      // Only the server's own messages are empty.
      if (data.length > 0) receiver.message(data, message.reply ?? "");
      else if (message.headers?.code === 503) receiver.nobody();
    };
    const subscription = this.#nc.subscribe(subject, { ...options, callback });
    this.#receivers.set(subscription, receiver);
    return () => {
      if (this.#receivers.delete(subscription)) subscription.unsubscribe();
    };
  }

  /** Sends a message; the receiver of `reply` is told if nobody gets it. */
  publish(subject: string, message: Uint8Array, reply?: string): void {
    if (this.#isEnded) return;
    this.#nc.publish(subject, message, reply === undefined ? {} : { reply });
  }

  /** Resolves once the server has taken all that was sent, or the link ended. */
  async flushed(): Promise<void> {
    // It rejects if the connection is lost, of which the receivers are told.
    if (!this.#isEnded) await this.#nc.flush().catch(() => {});
  }

  /** Makes sure that the peer of `stream` is there, until that ends. */
  watch(stream: NatsStream): () => void {
    this.#streams.add(stream);
    return () => this.#streams.delete(stream);
  }

  #probe(): void {
    for (const stream of this.#streams) stream.probe();
  }

  async #ping(): Promise<void> {
    // The last one is still without an answer.
    if (this.#isPinging) return void await this.#nc.close();
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
    await this.#nc.close();
    await this.ended;
  }

  #end(cause: unknown): unknown {
    this.#isEnded = true;
    for (const timer of this.#timers) timer.stop();
    const error = this.#isClosing ? null : new DenomasError(
      "Cannot go on: the connection to the NATS server was lost",
      { cause },
    );
    for (const receiver of this.#receivers.values()) receiver.end(error);
    this.#receivers.clear();
    return error;
  }

  #applyRefs(): void {
    const socket = partsOf(this.#nc).transport?.socket;
    if (this.#refs > 0) socket?.ref?.();
    else socket?.unref?.();
  }
}

/** Returns whether `subject` is an inbox: a peer may name no other for answers. */
export function isInbox(subject: string): boolean {
  return /^_INBOX[\w-]*(\.[\w-]+)+$/.test(subject);
}

/** Parts of a connection that nats-core does not offer, if they are there. */
interface PrivateParts {
  readonly transport?: {
    readonly socket?: { ref?(): void; unref?(): void };
  };
  readonly heartbeats?: { cancel?(): void };
}

function partsOf(nc: NatsConnection): PrivateParts {
  return (nc as { protocol?: PrivateParts }).protocol ?? {};
}

/** Calls `action` again and again, without keeping the process alive. */
function repeat(ms: number, action: () => void): { stop(): void } {
  let timer: WorldTimer;
  const arm = () => {
    timer = setRealTimer(ms, () => {
      arm();
      action();
    });
    timer.unref();
  };
  arm();
  return { stop: () => timer.stop() };
}
