import {
  AddressInUseError,
  ConnectError,
  DenomasError,
} from "../../transports/errors.ts";
import {
  observed,
  setRealTimer,
  world,
  type WorldTimer,
} from "../../transports/internal.ts";
import type { Connection, Listener } from "../../transports/transport.ts";
import { isInbox, type Link } from "./_link.ts";
import { decodeHello, encodeShort, isShort, KIND } from "./_messages.ts";
import { openStream, receiverFor } from "./_open_stream.ts";
import { formatPlace, type NatsPlace, subjectOf } from "./_place.ts";
import type { HeldLink, LinkPool } from "./_pool.ts";
import { remind } from "./_repeat.ts";
import type { NatsStream } from "./_stream.ts";

/**
 * The first and longest pause before a lost listener retries; pauses double.
 */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** How long another listener at the same name may take to answer a probe. */
const ANSWER_LIMIT_MS = 2_000;

/**
 * The queue group: two listeners at one name, which can happen, share the
 * clients.
 */
const QUEUE = "denomas";

/** Options for a {@linkcode NatsListener}. */
export interface NatsListenerOptions {
  readonly pool: LinkPool;
  readonly accept: (connection: Connection) => void;
  readonly onError: ((error: unknown) => void) | undefined;
}

/**
 * Listens at a name, and listens again after the NATS server was unavailable.
 */
export class NatsListener implements Listener {
  readonly address: string;
  readonly #place: NatsPlace;
  readonly #options: NatsListenerOptions;
  /** `null` while the NATS server is unavailable. */
  #held: HeldLink | null = null;
  #unsubscribe: () => void = () => {};
  #pause: WorldTimer | null = null;
  #isRef = true;
  #closing: Promise<void> | null = null;

  private constructor(place: NatsPlace, options: NatsListenerOptions) {
    this.address = formatPlace(place);
    this.#place = place;
    this.#options = options;
  }

  /**
   * Starts to listen.
   *
   * @throws {AddressInUseError} If another listener uses that name.
   * @throws {ConnectError} If the NATS server cannot be reached.
   */
  static async start(
    place: NatsPlace,
    options: NatsListenerOptions,
  ): Promise<NatsListener> {
    const listener = new NatsListener(place, options);
    await listener.#listen();
    observed.by?.opened(listener, "listener", () => listener.address);
    return listener;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  ref(): void {
    this.#isRef = true;
    this.#held?.hold.ref();
    this.#pause?.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#held?.hold.unref();
    this.#pause?.unref();
  }

  async #close(): Promise<void> {
    this.#pause?.stop();
    this.#unsubscribe();
    // Once the server has processed the end, others may listen at the name.
    await this.#held?.link.flushed();
    await this.#held?.hold.release();
    observed.by?.closed(this);
  }

  async #listen(): Promise<void> {
    const { address } = this;
    try {
      const held = await this.#options.pool.acquire(this.#place.server);
      try {
        if (!await isTaken(held.link, subjectOf(this.#place))) {
          return await this.#attach(held);
        }
      } catch (error) {
        held.hold.release();
        throw error;
      }
      held.hold.release();
    } catch (cause) {
      throw new ConnectError(
        `Cannot listen on '${address}': ${(cause as Error).message}`,
        { address, cause },
      );
    }
    throw new AddressInUseError(
      `Cannot listen on '${address}': another program listens at that name, choose another one`,
      { address },
    );
  }

  async #attach(held: HeldLink): Promise<void> {
    const { link, hold } = held;
    // The listener was closed meanwhile.
    if (this.#closing !== null) return void hold.release();
    this.#held = held;
    if (!this.#isRef) hold.unref();
    let refusal: { readonly error: unknown } | null = null;
    let isReady = false;
    const subjects = { subject: subjectOf(this.#place), queue: QUEUE };
    this.#unsubscribe = link.subscribe(subjects, {
      message: (data, reply) => this.#answer(link, data, reply),
      nobody: () => {},
      end: (error) => {
        if (isReady) this.#lost(error);
        else refusal ??= { error };
      },
    });
    await link.flushed();
    isReady = true;
    if (refusal === null) return;
    this.#unsubscribe();
    this.#held = null;
    throw (refusal as { readonly error: unknown }).error;
  }

  #answer(link: Link, data: Uint8Array, sender: Uint8Array): void {
    const peer = new TextDecoder().decode(sender);
    // A peer must not be able to make this side write to other subjects.
    if (!isInbox(peer)) return;
    if (isShort(data, KIND.probe)) {
      return link.publisher(peer)(encodeShort(KIND.accept));
    }
    const id = decodeHello(data);
    const hold = id === null ? null : link.hold();
    if (hold === null) return;
    const inbox = link.inbox();
    const unsubscribe = link.subscribe(
      { subject: inbox, writesTo: peer },
      receiverFor(() => stream),
    );
    const ends = { inbox, peer, unsubscribe };
    const stream: NatsStream = openStream({ link, hold }, ends);
    link.publisher(peer, inbox)(encodeShort(KIND.accept));
    this.#options.accept({
      stream,
      localAddress: this.address,
      remoteAddress: `${this.address}#${id}`,
    });
  }

  #lost(cause: unknown): void {
    this.#held?.hold.release();
    this.#held = null;
    this.#unsubscribe();
    if (this.#closing !== null) return;
    this.#options.onError?.(
      new DenomasError(
        `Cannot listen on '${this.address}' for now: the NATS server is away, trying again`,
        { cause },
      ),
    );
    this.#retryAfter(FIRST_PAUSE_MS);
  }

  #retryAfter(ms: number): void {
    const pause = setRealTimer(ms * (0.5 + world.random()), () => {
      this.#pause = null;
      this.#listen().catch((error) => {
        if (this.#closing !== null) return;
        if (error instanceof AddressInUseError) this.#options.onError?.(error);
        this.#retryAfter(Math.min(2 * ms, LONGEST_PAUSE_MS));
      });
    });
    if (!this.#isRef) pause.unref();
    this.#pause = pause;
  }
}

/** Resolves to whether another listener uses `subject`. */
function isTaken(link: Link, subject: string): Promise<boolean> {
  const inbox = link.inbox();
  return new Promise<boolean>((resolve, reject) => {
    const ask = () => link.publisher(subject, inbox)(encodeShort(KIND.probe));
    // A subscriber that does not answer may be suspended, and still has the
    // name.
    const timer = remind(ANSWER_LIMIT_MS, {
      again: ask,
      late: () => settle(true),
    });
    const settle = (isTaken: boolean) => {
      timer.stop();
      unsubscribe();
      resolve(isTaken);
    };
    const subjects = { subject: inbox, writesTo: subject };
    const unsubscribe = link.subscribe(subjects, {
      message: () => settle(true),
      nobody: () => settle(false),
      end: (error) => {
        timer.stop();
        unsubscribe();
        reject(error);
      },
    });
    ask();
  });
}
