import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { abortable, Backoff, within } from "../../channel/internal.ts";
import { Bucket } from "./_bucket.ts";
import type { BucketOptions } from "./_bucket_config.ts";
import type { NatsConnectionOptions } from "./options.ts";

/**
 * How often the server is pinged, in milliseconds; two pings may go unanswered.
 */
const PING_MS = 2_000;

/** Options for {@linkcode EngineSessions}. */
export interface EngineSessionsOptions {
  readonly server: string;
  readonly connection: NatsConnectionOptions;
  readonly bucket: BucketOptions;
  /** The time limit for each step, and for waiting for a connection. */
  readonly timeoutMs: number;
  /** Called to set up each new connection. */
  readonly onBegin: (session: Session) => void;
}

/** The objects that belong to one connection. */
export interface Session {
  readonly nc: NatsConnection;
  readonly bucket: Bucket;
}

/** The connections of an engine to its server, one after another. */
export class EngineSessions {
  readonly #options: EngineSessionsOptions;
  readonly #ending = new AbortController();
  readonly #backoff = new Backoff({ initialMs: 50, maxMs: 1_000 });
  #current: Session | null = null;
  #ended: Promise<void> = Promise.resolve();
  #next = Promise.withResolvers<Session>();

  constructor(options: EngineSessionsOptions) {
    this.#options = options;
  }

  /**
   * Aborts when the sessions are ended, so that no more connections are made.
   */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The current connection, if there is one. */
  get current(): Session | null {
    return this.#current;
  }

  /** Resolves once the last connection has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Opens the first connection; retries failed attempts for `retryForMs`. */
  async open(retryForMs: number): Promise<void> {
    const until = performance.now() + retryForMs;
    for (;;) {
      try {
        this.#begin(await this.#connect());
        this.#backoff.reset();
        return;
      } catch (error) {
        const leftMs = until - performance.now();
        if (leftMs <= 0) throw error;
        await this.#backoff.wait(leftMs, undefined);
      }
    }
  }

  /** Makes no more connections; {@linkcode connected} rejects with `reason`. */
  end(reason: Error): void {
    this.#ending.abort(reason);
  }

  /**
   * Waits before another attempt, longer each time. Rejects when the sessions
   * end.
   */
  async pause(): Promise<void> {
    await this.#backoff.wait(Infinity, this.#ending.signal);
  }

  #begin(session: Session): void {
    this.#current = session;
    this.#options.onBegin(session);
    this.#next.resolve(session);
    this.#next = Promise.withResolvers();
    this.#ended = session.nc.closed().then(() => this.#reconnect());
  }

  async #connect(): Promise<Session> {
    const { server, connection, bucket, timeoutMs } = this.#options;
    const nc = await connect({
      ...connection,
      servers: [server, connection.servers ?? []].flat(),
      noRandomize: true,
      ignoreClusterUpdates: true,
      pingInterval: PING_MS,
      maxPingOut: 2,
      // A new connection would send messages that were meant for the old one.
      reconnect: false,
      timeout: timeoutMs,
    });
    try {
      this.#ending.signal.throwIfAborted();
      const js = jetstream(nc, { timeout: timeoutMs });
      const opened = await Bucket.open(nc, js, bucket);
      this.#ending.signal.throwIfAborted();
      return { nc, bucket: opened };
    } catch (error) {
      await nc.close();
      throw error;
    }
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#ending;
    this.#current = null;
    while (!signal.aborted) {
      try {
        this.#begin(await this.#connect());
        this.#backoff.reset();
        return;
      } catch {
        // Operations report that there is no connection.
        await this.#backoff.wait(Infinity, signal).catch(() => {});
      }
    }
  }

  /** Resolves to the current connection, or the next one. */
  async connected(): Promise<Session> {
    const { timeoutMs } = this.#options;
    const { signal } = this.#ending;
    signal.throwIfAborted();
    if (this.#current !== null) return this.#current;
    const next = abortable(this.#next.promise, signal);
    next.catch(() => {});
    await within(timeoutMs, next);
    signal.throwIfAborted();
    return this.#current ?? await Promise.reject(
      new Error(`there was no connection for ${timeoutMs} ms`),
    );
  }
}
