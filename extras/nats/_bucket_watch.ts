import type {
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "@nats-io/transport-node";
import type { WatchRound } from "../../agent/cluster/internal.ts";
import { setRealTimer } from "../../transports/internal.ts";

/** The header that marks a removed entry, as used by NATS's own clients. */
export const OPERATION = "KV-Operation";

/** The header of the marker that replaces an entry whose lease has ended. */
const MARKER = "Nats-Marker-Reason";

/** How often the server sends a heartbeat to a watch, in milliseconds. */
export const HEARTBEAT_MS = 1_000;

/** The silence after which a watch is restarted, in milliseconds. */
export const SILENCE_MS = 5_000;

/** Receives the messages of one consumer of a bucket. */
export class BucketWatch {
  readonly #nc: NatsConnection;
  readonly #subject: string;
  readonly #round: WatchRound;
  readonly #onLost: () => void;
  #subscription!: Subscription;
  #timer = { stop: () => {} };
  /** The number of received messages. */
  #count = 0;
  /** The number of messages after which all initial entries have arrived. */
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

  /** Starts to receive messages at a subject. */
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

  /** Called when the consumer exists; it had `pending` messages to deliver. */
  began(pending: number): void {
    if (this.#isOver) return;
    this.#firstCount = this.#count + pending;
    if (pending === 0) this.#sync();
    this.#listen();
  }

  /** Ends the watch as lost if nothing arrives for {@linkcode SILENCE_MS}. */
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

  /** Handles a heartbeat or a flow control message. */
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

  /** Stops the watch. Repeatable. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.stop();
    this.#subscription.unsubscribe();
  }
}

/** Returns the delivery information in the reply subject of a message. */
function deliveryOf({ reply = "" }: Msg): {
  readonly revision: number;
  /**
   * The number of messages that the consumer has delivered, including this one.
   */
  readonly count: number;
  /** The number of messages that the consumer still had to deliver. */
  readonly pending: number;
} {
  // `$JS.ACK.`, in newer formats a domain and an account, then stream,
  // consumer, delivery count of this message, and these fields; newer formats
  // may append more.
  const words = reply.split(".");
  const [revision, count, , pending] = words
    .slice(words.length > 9 ? 7 : 5)
    .map(Number);
  return { revision: revision!, count: count!, pending: pending! };
}

/** Returns whether a message is the marker of a removed entry. */
export function isGone(header: MsgHdrs | undefined): boolean {
  return header !== undefined &&
    (header.has(OPERATION) && header.get(OPERATION) !== "PUT" ||
      header.has(MARKER));
}
