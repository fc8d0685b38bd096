import { world } from "../../transports/internal.ts";
import type {
  Connection,
  FrameReceiver,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../../transports/transport.ts";

/** A place where a test can listen. */
export interface TransportPlace {
  /** An address at which nobody listens. */
  readonly address: string;
  /** Undoes what was made for it, such as a temporary folder. */
  dispose?(): void | Promise<void>;
}

/** An obligation of a transport, and its test. */
export interface Obligation {
  /** What the transport does, as the end of the test's name. */
  readonly title: string;
  /** The test. */
  run(stage: Stage): Promise<void>;
}

/** Obligations by name. */
export type Obligations = Readonly<Record<string, Obligation>>;

/** One end of a connection, with a record of all calls of its receiver. */
export class End implements FrameReceiver {
  /** The connection itself. */
  readonly connection: Connection;
  /** Copies of the frames that arrived. */
  readonly frames: Uint8Array[] = [];
  /** The number of calls of `written`. */
  timesWritten = 0;
  /** The arguments of each call of `end`, of which there may be one. */
  readonly ends: unknown[] = [];
  /** The calls after `end`, or after this side's `close`. */
  readonly tooLate: string[] = [];
  /** Called with each frame, once it is recorded. */
  onFrame: (payload: Uint8Array) => void = () => {};
  #waiters: { condition: () => boolean; resolve: () => void }[] = [];
  #over = false;

  /** Creates a record; reading begins with {@linkcode End.start}. */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Starts to read and to record. */
  start(): this {
    this.connection.start(this);
    return this;
  }

  /** Closes the connection; calls from now on are too late. */
  close(): void {
    this.#over = true;
    this.connection.close();
  }

  /** Resolves once `condition` holds, which is tried after each call. */
  async until(condition: (end: this) => boolean): Promise<void> {
    if (condition(this)) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ condition: () => condition(this), resolve });
    });
  }

  /** Resolves once as many frames have arrived. */
  async received(count: number): Promise<void> {
    await this.until(() => this.frames.length >= count || this.ends.length > 0);
    if (this.frames.length < count) {
      throw new Error(
        `Cannot wait for ${count} frames: the connection ended after ${this.frames.length}`,
        { cause: this.ends[0] },
      );
    }
  }

  /** Resolves once the connection has ended, to the argument of `end`. */
  async ended(): Promise<unknown> {
    await this.until(() => this.ends.length > 0);
    return this.ends[0];
  }

  /** Resolves once nothing is queued any more. */
  async flushed(): Promise<void> {
    await this.until(() => this.connection.queuedBytes === 0);
  }

  /** The frames that arrived, as text. */
  get texts(): string[] {
    return this.frames.map((frame) => new TextDecoder().decode(frame));
  }

  frame(payload: Uint8Array): void {
    this.#note("frame");
    this.frames.push(payload.slice());
    this.onFrame(payload);
    this.#wake();
  }

  written(): void {
    this.#note("written");
    this.timesWritten++;
    this.#wake();
  }

  end(error: unknown): void {
    this.#note("end");
    this.#over = true;
    this.ends.push(error);
    this.#wake();
  }

  #note(call: string): void {
    if (this.#over) this.tooLate.push(call);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.condition()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}

/** Options for {@linkcode Stage.pair}. */
export interface PairOptions {
  /** Options of the accepting side. */
  readonly server?: TransportListenOptions;
  /** Options of the connecting side. */
  readonly client?: TransportConnectOptions;
  /**
   * The ends that start to read at once.
   *
   * @default {"both"}
   */
  readonly start?: "both" | "client" | "server" | "none";
}

/** A place to listen at, and everything that a test opens there. */
export class Stage implements AsyncDisposable {
  /** The transport under test. */
  readonly transport: Transport;
  /** The place to listen at. */
  readonly place: TransportPlace;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  #accepted: End[] = [];
  #onAccept: (() => void)[] = [];

  /** Creates a stage that owns `place`. */
  constructor(transport: Transport, place: TransportPlace) {
    this.transport = transport;
    this.place = place;
  }

  /** Listens at the place, or elsewhere; {@linkcode accepted} returns its connections. */
  async listen(
    options: TransportListenOptions = {},
    address: string = this.place.address,
  ): Promise<Listener> {
    const listener = await this.transport.listen(
      address,
      (connection) => {
        this.#connections.push(connection);
        this.#accepted.push(new End(connection));
        for (const wake of this.#onAccept.splice(0)) wake();
      },
      options,
    );
    this.#listeners.push(listener);
    return listener;
  }

  /** Connects, without starting to read. */
  async connect(
    address: string,
    options: TransportConnectOptions = {},
  ): Promise<End> {
    const connection = await this.transport.connect(address, options);
    this.#connections.push(connection);
    return new End(connection);
  }

  /** Resolves to the next accepted connection, which has not started to read. */
  async accepted(): Promise<End> {
    while (this.#accepted.length === 0) {
      await new Promise<void>((resolve) => this.#onAccept.push(resolve));
    }
    return this.#accepted.shift()!;
  }

  /** The number of connections that {@linkcode accepted} has not returned yet. */
  get acceptedCount(): number {
    return this.#accepted.length;
  }

  /** Connects to `address`; resolves to both ends. */
  async join(
    address: string,
    options: PairOptions = {},
  ): Promise<{ client: End; server: End }> {
    const client = await this.connect(address, options.client);
    const server = await this.accepted();
    const start = options.start ?? "both";
    if (start === "both" || start === "server") server.start();
    if (start === "both" || start === "client") client.start();
    return { client, server };
  }

  /** Listens and connects; resolves to both ends. */
  async pair(
    options: PairOptions = {},
  ): Promise<{ client: End; server: End; listener: Listener }> {
    const listener = await this.listen(options.server);
    const ends = await this.join(listener.address, options);
    return { ...ends, listener };
  }

  /**
   * Waits for some turns of the event loop, in which both sides work: a measure
   * of time that does not depend on the speed of the machine.
   */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await world.nextTurn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    for (const listener of this.#listeners) await listener.close();
    await this.place.dispose?.();
  }
}
