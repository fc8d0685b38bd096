import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import {
  createInbox,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  RequestError,
  type Subscription,
} from "@nats-io/transport-node";
import type { WatchRound } from "../../agent/cluster/internal.ts";
import type { Entry } from "../../agent/cluster/engine.ts";
import { setRealTimer, world } from "../../transports/internal.ts";

/** The header that marks what is no entry any more, as of NATS's own clients. */
const OPERATION = "KV-Operation";

/** The header of what the server puts in place of an entry whose lease has ended. */
const MARKER = "Nats-Marker-Reason";

/** How long the server keeps what stands for an entry that is gone. */
const MARKER_MS = 10 * 60 * 1_000;

/** How often the server tells a watch that it is there, in milliseconds. */
const HEARTBEAT_MS = 1_000;

/** When a watch of which nothing was heard begins anew, in milliseconds. */
const SILENCE_MS = 5_000;

/** The errors of a write whose `expected` is not there. */
const WRONG_REVISION = [10_071, 10_164];

/** The version that gives single entries a lease. */
const LEASES_SINCE = [2, 11] as const;

/** What the entries of a cluster are kept as. */
export interface BucketOptions {
  readonly bucket: string;
  readonly replicas: number;
  /** What the subjects begin with at which the server answers. */
  readonly inboxPrefix: string | undefined;
}

/** Returns whether a write failed because of its expected revision. */
export function isWrongRevision(error: unknown): boolean {
  return error instanceof JetStreamApiError &&
    WRONG_REVISION.includes(error.code);
}

/** Returns whether no server has taken a request, so that it had no effect. */
export function isUnheard(error: unknown): boolean {
  const { cause } = error as Error;
  return [error, cause].some((it) =>
    it instanceof RequestError && it.isNoResponders()
  );
}

/**
 * The entries of a cluster in a bucket of NATS, over one connection: a stream
 * with one message for each key.
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

  /** Opens the bucket, and makes it if it is not there. */
  static async open(
    nc: NatsConnection,
    js: JetStreamClient,
    options: BucketOptions,
  ): Promise<Bucket> {
    const jsm = await js.jetstreamManager(false);
    const config = await configured(jsm, options, isLeasing(nc));
    return new Bucket(nc, js, jsm, config, options.inboxPrefix);
  }

  /** Resolves to the last message of `key`; `null` if there is none. */
  async #last(key: string): Promise<StoredMsg | null> {
    // From the leader of the stream, and not from a copy that may be behind.
    return await this.#jsm.streams.getMessage(this.#stream, {
      last_by_subj: this.#subject + key,
    });
  }

  /** Resolves to the entry of `key`; `null` if there is none. */
  async get(key: string): Promise<Entry | null> {
    const message = await this.#last(key);
    if (message === null || isGone(message.header)) return null;
    // Not a `Buffer` of Node, whose `slice` copies nothing.
    const value = new Uint8Array(message.data);
    return { key, value, revision: message.seq };
  }

  /**
   * Writes an entry for some seconds, 0 for ever; resolves to its revision.
   * Rejects if its revision is not `expected`, where that is given.
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
        // What stands for an entry that is gone has a revision, too.
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

  /** Removes an entry. Rejects as {@linkcode put} does. */
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
   * Tells the entries whose keys begin with `prefix`, and then each change, until
   * the result is called. `onLost` is called if something was missed.
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

/** What one consumer of a bucket brings. */
class BucketWatch {
  readonly #nc: NatsConnection;
  readonly #subject: string;
  readonly #round: WatchRound;
  readonly #onLost: () => void;
  #subscription!: Subscription;
  #timer = { stop: () => {} };
  /** How many messages it has brought. */
  #count = 0;
  /** After how many all have come that were there at first. */
  #firstCount = Infinity;
  #heardAt = performance.now();
  #isOver = false;

  constructor(
    nc: NatsConnection,
    subject: string,
    round: WatchRound,
    onLost: () => void,
  ) {
    this.#nc = nc;
    this.#subject = subject;
    this.#round = round;
    this.#onLost = onLost;
  }

  /** Listens at a subject from now on. */
  start(inbox: string): void {
    this.#subscription = this.#nc.subscribe(inbox, {
      callback: (error, message) => {
        if (this.#isOver) return;
        if (error !== null) return this.#lose();
        this.#heardAt = performance.now();
        if (message.headers?.code === 100) this.#hear(message);
        else this.#take(message);
      },
    });
    this.#subscription.closed.then(() => this.stop());
  }

  /** The server has begun, and had so many messages to send. */
  began(pending: number): void {
    if (this.#isOver) return;
    this.#firstCount = this.#count + pending;
    if (pending === 0) this.#sync();
    this.#listen();
  }

  /** Makes sure that something is heard. */
  #listen(): void {
    this.#heardAt = performance.now();
    const check = () => {
      if (performance.now() - this.#heardAt > SILENCE_MS) return this.#lose();
      const timer = setRealTimer(HEARTBEAT_MS, check);
      timer.unref();
      this.#timer = timer;
    };
    check();
  }

  /** Takes a sign of life, or a question whether all before it has arrived. */
  #hear(message: Msg): void {
    const stalled = message.headers?.get("Nats-Consumer-Stalled");
    if (stalled) this.#nc.publish(stalled);
    else if (message.reply) message.respond();
    const last = Number(message.headers?.get("Nats-Last-Consumer") || NaN);
    if (last > this.#count) this.#lose();
  }

  #take(message: Msg): void {
    const { revision, count, pending } = deliveryOf(message);
    if (count !== ++this.#count) return this.#lose();
    const key = message.subject.slice(this.#subject.length);
    if (isGone(message.headers)) this.#round.removed(key);
    else {
      const value = new Uint8Array(message.data);
      this.#round.put({ key, value, revision });
    }
    if (pending === 0 || this.#count === this.#firstCount) this.#sync();
  }

  #sync(): void {
    this.#firstCount = Infinity;
    this.#round.synced();
  }

  #lose(): void {
    this.stop();
    this.#onLost();
  }

  /** Tells nothing more. Repeatable. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.stop();
    this.#subscription.unsubscribe();
  }
}

/** Returns what the reply subject of a delivered message says of it. */
function deliveryOf({ reply = "" }: Msg): {
  readonly revision: number;
  /** The number of messages that its consumer had delivered with it. */
  readonly count: number;
  /** The number of messages that the consumer had still to deliver. */
  readonly pending: number;
} {
  // `$JS.ACK.`, in newer forms a domain and an account, a stream, a consumer, how
  // often this one was delivered, and these; newer ones may have more behind.
  const words = reply.split(".");
  const [revision, count, , pending] = words
    .slice(words.length > 9 ? 7 : 5)
    .map(Number);
  return { revision: revision!, count: count!, pending: pending! };
}

/** Returns whether a message stands for an entry that is gone. */
function isGone(header: MsgHdrs | undefined): boolean {
  return header !== undefined &&
    (header.has(OPERATION) && header.get(OPERATION) !== "PUT" ||
      header.has(MARKER));
}

/** Returns whether the server of a connection gives single entries a lease. */
function isLeasing({ info }: NatsConnection): boolean {
  const [major = 0, minor = 0] = info!.version.split(".").map(Number);
  const [sinceMajor, sinceMinor] = LEASES_SINCE;
  return major > sinceMajor || major === sinceMajor && minor >= sinceMinor;
}

/** Resolves to the configuration of the bucket, which is made if need be. */
async function configured(
  jsm: JetStreamManager,
  { bucket, replicas }: BucketOptions,
  isLeasing: boolean,
): Promise<StreamConfig> {
  const name = `KV_${bucket}`;
  const leasing = isLeasing
    ? { allow_msg_ttl: true, subject_delete_marker_ttl: MARKER_MS * 1e6 }
    : {};
  try {
    const { config } = await jsm.streams.info(name);
    const isReady = !isLeasing ||
      config.allow_msg_ttl && config.subject_delete_marker_ttl;
    if (isReady) return config;
    // Made by another client, or before the server was renewed.
    return (await jsm.streams.update(name, { ...config, ...leasing })).config;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { config } = await jsm.streams.add({
    name,
    subjects: [`$KV.${bucket}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
    num_replicas: replicas,
    ...leasing,
  });
  return config;
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10_059;
}
