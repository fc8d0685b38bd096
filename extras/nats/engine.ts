import { jetstream } from "@nats-io/jetstream";
import {
  connect,
  type NatsConnection,
  type Subscription,
} from "@nats-io/transport-node";
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
import { abortable, Backoff, pause, within } from "../../channel/internal.ts";
import type { Transport } from "../../transports/transport.ts";
import { Bucket, isUnheard, isWrongRevision } from "./_bucket.ts";
import type { NatsConnectionOptions } from "./options.ts";
import { formatPlace, parsePlace } from "./_place.ts";
import { natsTransport } from "./transport.ts";

/** Options for {@linkcode natsEngine}. */
export interface NatsEngineOptions {
  /**
   * How to connect to the NATS servers.
   *
   * @default {{}}
   */
  readonly connection?: NatsConnectionOptions;
  /**
   * The name of the bucket that keeps the entries, of letters, digits, `_` and `-`.
   * It is made if it is not there. Engines with different buckets share nothing.
   *
   * @default {"denomas"}
   */
  readonly bucket?: string;
  /**
   * On how many servers a bucket is kept that is made by this engine.
   *
   * @default {1}
   */
  readonly replicas?: 1 | 3 | 5;
  /**
   * How long an operation may take, and waits for a connection, in milliseconds.
   *
   * @default {5_000}
   */
  readonly timeoutMs?: number;
  /**
   * The time in which failed attempts to connect for the first time are repeated,
   * in milliseconds; `Infinity` repeats for ever.
   *
   * @default {0}
   */
  readonly retryForMs?: number;
  /**
   * The address at which a node of this engine listens.
   *
   * @default {a name at the NATS server, for a node that others reach through it}
   */
  readonly nodeAddress?: string;
}

/**
 * Connects to a NATS server with JetStream: an engine for nodes on any machines.
 * Topics are subjects of NATS, and entries a bucket of its key-value store.
 *
 * Leases need version 2.11 of the server: older ones would ignore them silently,
 * so that a `put` with a lease rejects there. The server counts leases in whole
 * seconds, and they are rounded up.
 *
 * A write is as safe as the server makes it: one without replicas is lost with
 * its disk, and by default the server syncs to the disk only every two minutes,
 * so that a power cut may take back what was acknowledged, revisions included. Let
 * the server have `sync_interval: always`, and the bucket three replicas, where
 * that matters.
 *
 * @param address The server, as `nats://127.0.0.1:4222`; the port may be left out.
 * @throws {EngineError} If the server cannot be reached within `retryForMs`, or has
 * no JetStream.
 * @throws {TypeError} If the address or the name of the bucket has another form.
 */
export async function natsEngine(
  address: string,
  options: NatsEngineOptions = {},
): Promise<Engine> {
  const engine = new NatsEngine(address, options);
  await engine.open();
  return engine;
}

/** How long an operation may take by default, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** How often the server is asked for a sign of life; two may be missing. */
const PING_MS = 2_000;

/** How long messages may take to leave when the engine is disposed of. */
const GRACE_MS = 1_000;

/** How long an operation waits before it is repeated for the first time. */
const FIRST_WAIT_MS = 50;

/** How much of a message its headers may take, in bytes. */
const HEADER_BYTES = 1_024;

/** What is new on each connection. */
interface Session {
  readonly nc: NatsConnection;
  readonly bucket: Bucket;
}

/** What one call of `subscribe` has begun. */
interface TopicSubscription {
  readonly topic: string;
  readonly onMessage: (message: Uint8Array) => void;
  /** On the present connection. */
  current: Subscription | null;
}

/** An engine whose entries are held by a NATS server. */
class NatsEngine implements Engine {
  readonly transports: readonly Transport[];
  readonly nodeAddress: string;
  readonly #server: string;
  readonly #options: NatsEngineOptions;
  readonly #bucket: string;
  readonly #timeoutMs: number;
  readonly #subscriptions = new Set<TopicSubscription>();
  readonly #watches = new Set<WatchedEntries>();
  readonly #ending = new AbortController();
  readonly #backoff = new Backoff({ initialMs: 50, maxMs: 1_000 });
  #session: Session | null = null;
  /** Resolves once the last connection has ended. */
  #reconnecting: Promise<void> = Promise.resolve();
  #next = Promise.withResolvers<Session>();

  constructor(address: string, options: NatsEngineOptions) {
    const { connection = {}, bucket = "denomas" } = options;
    const place = parsePlace(address);
    this.#server = place.server;
    this.#options = options;
    this.#bucket = bucket;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.nodeAddress = options.nodeAddress ??
      formatPlace({ ...place, name: "" });
    this.transports = [natsTransport({ connection })];
    if (!/^[\w-]+$/.test(bucket)) {
      throw new TypeError(
        `Cannot use the bucket '${bucket}': its name must be letters, digits, '_' and '-'`,
      );
    }
  }

  async open(): Promise<void> {
    const until = performance.now() + (this.#options.retryForMs ?? 0);
    for (;;) {
      try {
        this.#begin(await this.#connect());
        this.#backoff.reset();
        return;
      } catch (error) {
        const leftMs = until - performance.now();
        if (leftMs <= 0) throw this.#failure("connect", error);
        await this.#backoff.wait(leftMs, undefined);
      }
    }
  }

  async #connect(): Promise<Session> {
    const { connection = {}, replicas = 1 } = this.#options;
    const nc = await connect({
      ...connection,
      servers: [this.#server, connection.servers ?? []].flat(),
      noRandomize: true,
      ignoreClusterUpdates: true,
      pingInterval: PING_MS,
      maxPingOut: 2,
      // Another connection would send what was meant for this one.
      reconnect: false,
      timeout: this.#timeoutMs,
    });
    try {
      this.#ending.signal.throwIfAborted();
      const js = jetstream(nc, { timeout: this.#timeoutMs });
      const bucket = await Bucket.open(nc, js, {
        bucket: this.#bucket,
        replicas,
        inboxPrefix: connection.inboxPrefix,
      });
      this.#ending.signal.throwIfAborted();
      return { nc, bucket };
    } catch (error) {
      await nc.close();
      throw error;
    }
  }

  /** Subscribes and watches on a new connection. */
  #begin(session: Session): void {
    const { nc } = session;
    this.#session = session;
    for (const it of this.#subscriptions) this.#listen(it, nc);
    for (const watch of this.#watches) this.#follow(watch, session);
    this.#next.resolve(session);
    this.#next = Promise.withResolvers();
    this.#reconnecting = nc.closed().then(() => this.#reconnect());
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#ending;
    this.#session = null;
    while (!signal.aborted) {
      try {
        this.#begin(await this.#connect());
        this.#backoff.reset();
        return;
      } catch {
        // Operations tell that there is no connection.
        await this.#backoff.wait(Infinity, signal).catch(() => {});
      }
    }
  }

  /** Resolves to the present connection, or the next one. */
  async #connected(): Promise<Session> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    if (this.#session !== null) return this.#session;
    const next = abortable(this.#next.promise, signal);
    next.catch(() => {});
    await within(this.#timeoutMs, next);
    signal.throwIfAborted();
    return this.#session ?? await Promise.reject(
      new Error(`there was no connection for ${this.#timeoutMs} ms`),
    );
  }

  /** Runs an operation on a connection; its errors become those of an engine. */
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

  /** Repeats what nobody has heard: the bucket's leader is being elected. */
  async #attempt<T>(
    operation: (session: Session) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + this.#timeoutMs;
    for (let waitMs = FIRST_WAIT_MS;; waitMs *= 2) {
      try {
        return await operation(await this.#connected());
      } catch (error) {
        const isLate = performance.now() + waitMs > until;
        if (!isUnheard(error) || isLate) throw error;
        await pause(waitMs, this.#ending.signal);
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
    const nc = this.#session?.nc;
    // Later, it would reach those who subscribe later.
    if (nc === undefined || nc.isClosed()) return;
    const { max_payload } = nc.info!;
    if (message.length > max_payload) {
      throw new RangeError(
        `Cannot publish ${message.length} bytes: the server takes ${max_payload}, raise its 'max_payload'`,
      );
    }
    // It is sent in a later turn.
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

  /** Resolves once the server has taken all that was sent. */
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
    // A part of a second would be cut off, and the lease end early.
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
        await watch.syncedWithin(this.#timeoutMs, this.#ending.signal);
      });
    } catch (error) {
      await end();
      throw error;
    }
    return { [Symbol.asyncDispose]: end };
  }

  /** Lets `watch` follow a connection, anew whenever something was missed. */
  async #follow(watch: WatchedEntries, session: Session): Promise<void> {
    const { nc, bucket } = session;
    let stop = () => {};
    const round = watch.begin(() => stop());
    const again = () => {
      const isOver = watch.isOver || this.#session !== session;
      if (!isOver) this.#follow(watch, session);
    };
    try {
      stop = await bucket.watch(watch.prefix, round, again);
      if (watch.isOver) stop();
    } catch {
      if (nc.isClosed()) return;
      await this.#backoff.wait(Infinity, this.#ending.signal).then(
        again,
        () => {},
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the engine was disposed of"));
    for (const it of this.#subscriptions) this.#unsubscribe(it);
    for (const watch of this.#watches) await watch.end();
    const nc = this.#session?.nc;
    if (nc !== undefined) {
      await this.#flush(nc, GRACE_MS).catch(() => {});
      await nc.close();
    }
    await this.#reconnecting;
  }
}
