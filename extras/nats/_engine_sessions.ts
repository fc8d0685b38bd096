import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { abortable, Backoff, within } from "../../channel/internal.ts";
import { Bucket } from "./_bucket.ts";
import type { BucketOptions } from "./_bucket_config.ts";
import type { NatsConnectionOptions } from "./options.ts";

/** How often the server is asked for a sign of life; two may be missing. */
const PING_MS = 2_000;

/** Options for {@linkcode EngineSessions}. */
export interface EngineSessionsOptions {
  readonly server: string;
  readonly connection: NatsConnectionOptions;
  readonly bucket: BucketOptions;
  /** How long each step may take, and how long to wait for a connection. */
  readonly timeoutMs: number;
  /** Begins what goes on over each connection. */
  readonly onBegin: (session: Session) => void;
}

/** What is new on each connection. */
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

  /** Aborts when no connection is made any more. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The present connection, if there is one. */
  get current(): Session | null {
    return this.#current;
  }

  /** Resolves once the last connection has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Makes the first connection; repeats failed attempts for `retryForMs`. */
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

  /** Makes no connection any more; who asks for one gets `reason`. */
  end(reason: Error): void {
    this.#ending.abort(reason);
  }

  /** Waits before another attempt, longer after each; rejects at the end. */
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
      // Another connection would send what was meant for this one.
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
        // Operations tell that there is no connection.
        await this.#backoff.wait(Infinity, signal).catch(() => {});
      }
    }
  }

  /** Resolves to the present connection, or the next one. */
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
