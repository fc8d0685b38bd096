import type {
  Connection,
  FrameReceiver,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../../transports/transport.ts";

/** Where a test can listen. */
export interface TransportPlace {
  /** An address at which nobody listens. */
  readonly address: string;
  /** Undoes what was made for it, such as a temporary folder. */
  dispose?(): void | Promise<void>;
}

/** What a transport owes, and the test of it. */
export interface Obligation {
  /** What it does, as the end of the test's name. */
  readonly title: string;
  /** The test. */
  run(stage: Stage): Promise<void>;
}

/** Obligations by name. */
export type Obligations<Name extends string> = Readonly<
  Record<Name, Obligation>
>;

/** One end of a connection, with a record of all that its receiver was told. */
export class End implements FrameReceiver {
  /** The connection itself. */
  readonly connection: Connection;
  /** Copies of the frames that arrived. */
  readonly frames: Uint8Array[] = [];
  /** How often `written` was called. */
  timesWritten = 0;
  /** The arguments of each call of `end`: at most one is right. */
  readonly ends: unknown[] = [];
  /** What was called after `end` or, with `closesAfter`, after `close`. */
  readonly tooLate: string[] = [];
  /** Called with each frame, after it was recorded. */
  onFrame: (payload: Uint8Array) => void = () => {};
  #waiters: { condition: () => boolean; resolve: () => void }[] = [];
  #over = false;

  /** Does not start to read. */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Starts to read and to record. */
  start(): this {
    this.connection.start(this);
    return this;
  }

  /** Closes the connection; what is told from now on is too late. */
  close(): void {
    this.#over = true;
    this.connection.close();
  }

  /** Resolves once `condition`, which looks at the record, holds. */
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

  /** Resolves once the connection has ended, to what `end` was called with. */
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

/** What {@linkcode Stage.pair} takes. */
export interface PairOptions {
  /** Of the accepting side. */
  readonly server?: TransportListenOptions;
  /** Of the connecting side. */
  readonly client?: TransportConnectOptions;
  /**
   * Which ends start to read at once.
   *
   * @default {"both"}
   */
  readonly start?: "both" | "client" | "server" | "none";
}

/** A place with whatever a test opens there; its end closes it all. */
export class Stage implements AsyncDisposable {
  /** What is tested. */
  readonly transport: Transport;
  /** Where to listen. */
  readonly place: TransportPlace;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  #accepted: End[] = [];
  #onAccept: (() => void)[] = [];

  /** Makes a stage; it owns the place. */
  constructor(transport: Transport, place: TransportPlace) {
    this.transport = transport;
    this.place = place;
  }

  /** Listens at the place, or elsewhere; {@linkcode accepted} has the rest. */
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

  /** Connects; does not start to read. */
  async connect(
    address: string,
    options: TransportConnectOptions = {},
  ): Promise<End> {
    const connection = await this.transport.connect(address, options);
    this.#connections.push(connection);
    return new End(connection);
  }

  /** The next connection that was accepted; does not start to read. */
  async accepted(): Promise<End> {
    while (this.#accepted.length === 0) {
      await new Promise<void>((resolve) => this.#onAccept.push(resolve));
    }
    return this.#accepted.shift()!;
  }

  /** How many connections were accepted and not yet asked for. */
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
   * Lets both sides work for some turns of the event loop, as a measure of
   * time that does not depend on the machine's speed.
   */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    for (const listener of this.#listeners) await listener.close();
    await this.place.dispose?.();
  }
}
