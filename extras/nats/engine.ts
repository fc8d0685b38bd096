// Longer than most files: the parts of one contract share one connection.
import type { NatsConnection, Subscription } from "@nats-io/transport-node";
import type {
  Engine,
  Entry,
  EntryChange,
  PutOptions,
} from "../../agent/cluster/engine.ts";
import { EngineError, StaleEpochError } from "../../agent/cluster/errors.ts";
import {
  checkKey,
  checkLease,
  checkPrefix,
  checkValue,
  WatchedEntries,
} from "../../agent/cluster/internal.ts";
import { abortable, pause, within } from "../../channel/internal.ts";
import type { Transport } from "../../transports/transport.ts";
import { isUnheard, isWrongRevision } from "./_bucket.ts";
import { EngineSessions, type Session } from "./_engine_sessions.ts";
import type { NatsEngineOptions } from "./options.ts";
import { formatPlace, parsePlace } from "./_place.ts";
import { natsTransport } from "./transport.ts";

/**
 * Connects to a NATS server with JetStream. Returns an engine for nodes on any
 * machines. Its topics are NATS subjects, and its entries are stored in a
 * bucket of NATS's key-value store.
 *
 * Leases need version 2.11 of the server. Older servers would ignore them
 * silently, so a `put` with a lease rejects there. The server counts leases in
 * whole seconds; they are rounded up.
 *
 * A write is only as durable as the server makes it. Without replicas, it is
 * lost with its disk. By default, the server syncs to the disk only every two
 * minutes, so a power failure may revert acknowledged writes, including
 * revisions. If that matters, configure the server with `sync_interval: always`
 * and the bucket with three replicas.
 *
 * @param address The server, such as `nats://127.0.0.1:4222`; the port may be
 * omitted.
 * @throws {EngineError} If the server cannot be reached within `retryForMs`, or
 * has no JetStream.
 * @throws {TypeError} If the address or the name of the bucket is malformed.
 */
export async function natsEngine(
  address: string,
  options: NatsEngineOptions = {},
): Promise<Engine> {
  const engine = new NatsEngine(address, options);
  await engine.open(options.retryForMs ?? 0);
  return engine;
}

/** The default time limit of an operation, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** How long to wait for messages to be sent when the engine is disposed of. */
const GRACE_MS = 1_000;

/** The wait before an operation is repeated for the first time. */
const FIRST_WAIT_MS = 50;

/** The part of a message that is reserved for headers, in bytes. */
const HEADER_BYTES = 1_024;

/** The subscription of one call of `subscribe`. */
interface TopicSubscription {
  readonly topic: string;
  readonly onMessage: (message: Uint8Array) => void;
  /** The subscription on the current connection. */
  current: Subscription | null;
}

/** An engine whose entries are stored by a NATS server. */
class NatsEngine implements Engine {
  readonly transports: readonly Transport[];
  readonly nodeAddress: string;
  readonly #server: string;
  readonly #bucket: string;
  readonly #timeoutMs: number;
  readonly #subscriptions = new Set<TopicSubscription>();
  readonly #watches = new Set<WatchedEntries>();
  readonly #sessions: EngineSessions;

  constructor(address: string, options: NatsEngineOptions) {
    const { connection = {}, bucket = "denomas" } = options;
    const place = parsePlace(address);
    this.#server = place.server;
    this.#bucket = bucket;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.nodeAddress = options.nodeAddress ??
      formatPlace({ ...place, name: "" });
    this.transports = [natsTransport({ connection })];
    this.#sessions = new EngineSessions({
      server: this.#server,
      connection,
      bucket: {
        bucket,
        replicas: options.replicas ?? 1,
        inboxPrefix: connection.inboxPrefix,
      },
      timeoutMs: this.#timeoutMs,
      onBegin: (session) => this.#begin(session),
    });
    if (!/^[\w-]+$/.test(bucket)) {
      throw new TypeError(
        `Cannot use the bucket '${bucket}': its name must be letters, digits, '_' and '-'`,
      );
    }
  }

  async open(retryForMs: number): Promise<void> {
    try {
      await this.#sessions.open(retryForMs);
    } catch (error) {
      throw this.#failure("connect", error);
    }
  }

  /** Restores subscriptions and watches on a new connection. */
  #begin(session: Session): void {
    for (const it of this.#subscriptions) this.#listen(it, session.nc);
    for (const watch of this.#watches) this.#follow(watch, session);
  }

  /**
   * Runs an operation on a connection, and converts its errors to engine
   * errors.
   */
  async #run<T>(
    act: string,
    operation: (session: Session) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await abortable(this.#attempt(operation), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof EngineError) throw error;
      if (isWrongRevision(error)) {
        throw new StaleEpochError(
          `Cannot ${act}: another one has written since`,
          { cause: error },
        );
      }
      throw this.#failure(act, error);
    }
  }

  /**
   * Repeats operations that no server received, because the bucket's leader is
   * being elected.
   */
  async #attempt<T>(
    operation: (session: Session) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + this.#timeoutMs;
    for (let waitMs = FIRST_WAIT_MS;; waitMs *= 2) {
      try {
        return await operation(await this.#sessions.connected());
      } catch (error) {
        const isLate = performance.now() + waitMs > until;
        if (!isUnheard(error) || isLate) throw error;
        await pause(waitMs, this.#sessions.signal);
      }
    }
  }

  #failure(act: string, cause: unknown): EngineError {
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    return new EngineError(
      `Cannot ${act}: 'nats://${this.#server}' did not answer, ${reason}`,
      { cause },
    );
  }

  #subjectOf(topic: string): string {
    return `denomas.topic.${this.#bucket}.${topic}`;
  }

  publish(topic: string, message: Uint8Array): void {
    checkKey(topic, "topic");
    checkValue(message, "message");
    const nc = this.#sessions.current?.nc;
    // Not queued: a later message would reach later subscribers.
    if (nc === undefined || nc.isClosed()) return;
    const { max_payload } = nc.info!;
    if (message.length > max_payload) {
      throw new RangeError(
        `Cannot publish ${message.length} bytes: the server takes ${max_payload}, raise its 'max_payload'`,
      );
    }
    // Copied, because it is sent in a later turn.
    nc.publish(this.#subjectOf(topic), new Uint8Array(message));
  }

  async subscribe(
    topic: string,
    onMessage: (message: Uint8Array) => void,
  ): Promise<AsyncDisposable> {
    checkKey(topic, "topic");
    const subscription = { topic, onMessage, current: null };
    const end = () => this.#unsubscribe(subscription);
    try {
      await this.#run(`subscribe to '${topic}'`, async ({ nc }) => {
        this.#subscriptions.add(subscription);
        this.#listen(subscription, nc);
        await this.#flush(nc, this.#timeoutMs);
      });
    } catch (error) {
      end();
      throw error;
    }
    return {
      [Symbol.asyncDispose]: () => {
        end();
        return Promise.resolve();
      },
    };
  }

  #listen(subscription: TopicSubscription, nc: NatsConnection): void {
    const { topic, onMessage } = subscription;
    subscription.current = nc.subscribe(this.#subjectOf(topic), {
      callback: (error, { data }) => {
        if (error === null) onMessage(new Uint8Array(data));
      },
    });
  }

  #unsubscribe(subscription: TopicSubscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    const { current } = subscription;
    if (current !== null && !current.isClosed()) current.unsubscribe();
  }

  /** Resolves once the server has processed all that was sent. */
  async #flush(nc: NatsConnection, timeoutMs: number): Promise<void> {
    let isFlushed = false;
    const flushing = nc.flush().then(() => void (isFlushed = true));
    flushing.catch(() => {});
    await within(timeoutMs, flushing);
    if (!isFlushed) throw new Error(`not within ${timeoutMs} ms`);
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key, "key");
    return await this.#run(`read '${key}'`, ({ bucket }) => bucket.get(key));
  }

  async put(
    key: string,
    value: Uint8Array,
    { expected, leaseMs = Infinity, signal }: PutOptions = {},
  ): Promise<number> {
    checkKey(key, "key");
    checkValue(value, "value");
    checkLease(leaseMs);
    const act = `write '${key}'`;
    // The server would truncate fractions of a second and end the lease early.
    const seconds = leaseMs === Infinity ? 0 : Math.ceil(leaseMs / 1_000);
    const bytes = new Uint8Array(value);
    return await this.#run(act, async ({ nc, bucket }) => {
      const { max_payload, version } = nc.info!;
      if (seconds > 0 && !bucket.hasLeases) {
        throw new EngineError(
          `Cannot ${act} with a lease: the NATS server has version ${version}, and leases need 2.11 or later`,
        );
      }
      if (value.length > max_payload - HEADER_BYTES) {
        throw new EngineError(
          `Cannot ${act}: the NATS server takes ${max_payload} bytes with headers, raise its 'max_payload'`,
        );
      }
      return await bucket.put(key, bytes, expected, seconds);
    }, signal);
  }

  async remove(key: string, expected?: number): Promise<void> {
    checkKey(key, "key");
    await this.#run(
      `remove '${key}'`,
      ({ bucket }) => bucket.remove(key, expected),
    );
  }

  async watch(
    prefix: string,
    onChange: (change: EntryChange) => void,
  ): Promise<AsyncDisposable> {
    checkPrefix(prefix);
    const watch = new WatchedEntries(prefix, onChange);
    const end = async () => {
      this.#watches.delete(watch);
      await watch.end();
    };
    try {
      await this.#run(`watch '${prefix}'`, async (session) => {
        this.#watches.add(watch);
        this.#follow(watch, session);
        await watch.syncedWithin(this.#timeoutMs, this.#sessions.signal);
      });
    } catch (error) {
      await end();
      throw error;
    }
    return { [Symbol.asyncDispose]: end };
  }

  /**
   * Runs `watch` on a connection, and restarts it whenever a message was
   * missed.
   */
  async #follow(watch: WatchedEntries, session: Session): Promise<void> {
    const { nc, bucket } = session;
    let stop = () => {};
    const round = watch.begin(() => stop());
    const again = () => {
      const isOver = watch.isOver || this.#sessions.current !== session;
      if (!isOver) this.#follow(watch, session);
    };
    try {
      stop = await bucket.watch(watch.prefix, round, again);
      if (watch.isOver) stop();
    } catch {
      if (nc.isClosed()) return;
      await this.#sessions.pause().then(again, () => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sessions.end(new Error("the engine was disposed of"));
    for (const it of this.#subscriptions) this.#unsubscribe(it);
    for (const watch of this.#watches) await watch.end();
    const nc = this.#sessions.current?.nc;
    if (nc !== undefined) {
      await this.#flush(nc, GRACE_MS).catch(() => {});
      await nc.close();
    }
    await this.#sessions.ended;
  }
}
