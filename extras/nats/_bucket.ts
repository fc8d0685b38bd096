import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import {
  createInbox,
  headers,
  type NatsConnection,
  RequestError,
} from "@nats-io/transport-node";
import type { WatchRound } from "../../agent/cluster/internal.ts";
import type { Entry } from "../../agent/cluster/engine.ts";
import { world } from "../../transports/internal.ts";
import { type BucketOptions, configured, MARKER_MS } from "./_bucket_config.ts";
import {
  BucketWatch,
  HEARTBEAT_MS,
  isGone,
  OPERATION,
  SILENCE_MS,
} from "./_bucket_watch.ts";

/** The error codes of a write whose `expected` revision does not match. */
const WRONG_REVISION = [10_071, 10_164];

/** Returns whether a write failed because of its expected revision. */
export function isWrongRevision(error: unknown): boolean {
  return error instanceof JetStreamApiError &&
    WRONG_REVISION.includes(error.code);
}

/** Returns whether no server received a request, so that it had no effect. */
export function isUnheard(error: unknown): boolean {
  const { cause } = error as Error;
  return [error, cause].some((it) =>
    it instanceof RequestError && it.isNoResponders()
  );
}

/**
 * The entries of a cluster in a NATS bucket, over one connection. The bucket is
 * a stream with one message for each key.
 */
export class Bucket {
  /** Whether entries can have leases. */
  readonly hasLeases: boolean;
  readonly #nc: NatsConnection;
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  readonly #stream: string;
  readonly #subject: string;
  readonly #inboxPrefix: string | undefined;

  private constructor(
    nc: NatsConnection,
    js: JetStreamClient,
    jsm: JetStreamManager,
    { name, allow_msg_ttl }: StreamConfig,
    inboxPrefix: string | undefined,
  ) {
    this.#inboxPrefix = inboxPrefix;
    this.#nc = nc;
    this.#js = js;
    this.#jsm = jsm;
    this.#stream = name;
    this.#subject = `$${name.replace("_", ".")}.`;
    this.hasLeases = allow_msg_ttl === true;
  }

  /** Opens the bucket, and creates it if it does not exist. */
  static async open(
    nc: NatsConnection,
    js: JetStreamClient,
    options: BucketOptions,
  ): Promise<Bucket> {
    const jsm = await js.jetstreamManager(false);
    const config = await configured(nc, jsm, options);
    return new Bucket(nc, js, jsm, config, options.inboxPrefix);
  }

  /** Resolves to the last message of `key`; `null` if there is none. */
  async #last(key: string): Promise<StoredMsg | null> {
    // Read from the leader of the stream, not from a replica, which may lag
    // behind.
    return await this.#jsm.streams.getMessage(this.#stream, {
      last_by_subj: this.#subject + key,
    });
  }

  /** Resolves to the entry of `key`; `null` if there is none. */
  async get(key: string): Promise<Entry | null> {
    const message = await this.#last(key);
    if (message === null || isGone(message.header)) return null;
    // Not a `Buffer` of Node, whose `slice` does not copy.
    const value = new Uint8Array(message.data);
    return { key, value, revision: message.seq };
  }

  /**
   * Writes an entry with a lease of `seconds`, or without one if that is 0.
   * Resolves to its revision. Rejects if the current revision is not
   * `expected`, if that is given.
   */
  async put(
    key: string,
    value: Uint8Array,
    expected: number | undefined,
    seconds: number,
  ): Promise<number> {
    const lease = seconds === 0 ? {} : { ttl: `${seconds}s` };
    const write = async (revision: number | undefined) => {
      const expect = revision === undefined
        ? {}
        : { expect: { lastSubjectSequence: revision } };
      const options = { ...lease, ...expect };
      return (await this.#js.publish(this.#subject + key, value, options)).seq;
    };
    for (;;) {
      try {
        return await write(expected);
      } catch (error) {
        if (expected !== 0 || !isWrongRevision(error)) throw error;
        // The marker of a removed entry has a revision, too.
        const last = await this.#last(key);
        if (last === null) continue;
        if (!isGone(last.header)) throw error;
        try {
          return await write(last.seq);
        } catch (error) {
          if (!isWrongRevision(error)) throw error;
        }
      }
    }
  }

  /** Removes an entry. Rejects like {@linkcode put}. */
  async remove(key: string, expected: number | undefined): Promise<void> {
    for (;;) {
      const last = await this.#last(key);
      const isThere = last !== null && !isGone(last.header);
      if (!isThere && (expected ?? 0) === 0) return;
      const revision = expected ?? last!.seq;
      const header = headers();
      header.set(OPERATION, "DEL");
      try {
        await this.#js.publish(this.#subject + key, new Uint8Array(), {
          headers: header,
          expect: { lastSubjectSequence: revision },
          ...(this.hasLeases && { ttl: `${MARKER_MS / 1_000}s` }),
        });
        return;
      } catch (error) {
        if (expected !== undefined || !isWrongRevision(error)) throw error;
      }
    }
  }

  /**
   * Passes the entries whose keys begin with `prefix`, and then each change, to
   * `round`, until the returned function is called. Calls `onLost` if a message
   * was missed.
   */
  async watch(
    prefix: string,
    round: WatchRound,
    onLost: () => void,
  ): Promise<() => void> {
    const watch = new BucketWatch(this.#nc, this.#subject, round, onLost);
    const inbox = createInbox(this.#inboxPrefix);
    watch.start(inbox);
    try {
      const { num_pending } = await this.#jsm.consumers.add(this.#stream, {
        name: `denomas_${world.uuid().replaceAll("-", "")}`,
        deliver_subject: inbox,
        deliver_policy: DeliverPolicy.LastPerSubject,
        ack_policy: AckPolicy.None,
        filter_subject: `${this.#subject}${prefix}>`,
        flow_control: true,
        idle_heartbeat: HEARTBEAT_MS * 1e6,
        inactive_threshold: SILENCE_MS * 1e6,
        max_deliver: 1,
        mem_storage: true,
        num_replicas: 1,
      });
      watch.began(num_pending);
    } catch (error) {
      watch.stop();
      throw error;
    }
    return () => watch.stop();
  }
}
