import type {
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "@nats-io/transport-node";
import type { WatchRound } from "../../agent/cluster/internal.ts";
import { setRealTimer } from "../../transports/internal.ts";

/** The header that marks what is no entry any more, as of NATS's own clients. */
export const OPERATION = "KV-Operation";

/** The header of what the server puts in place of an entry whose lease has ended. */
const MARKER = "Nats-Marker-Reason";

/** How often the server tells a watch that it is there, in milliseconds. */
export const HEARTBEAT_MS = 1_000;

/** When a watch of which nothing was heard begins anew, in milliseconds. */
export const SILENCE_MS = 5_000;

/** What one consumer of a bucket brings. */
export class BucketWatch {
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
export function isGone(header: MsgHdrs | undefined): boolean {
  return header !== undefined &&
    (header.has(OPERATION) && header.get(OPERATION) !== "PUT" ||
      header.has(MARKER));
}
