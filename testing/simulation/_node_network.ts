import { AsyncLocalStorage } from "node:async_hooks";
import { observed } from "../../transports/internal.ts";
import { plainMemory } from "../../transports/memory.ts";
import type {
  ByteStream,
  Connection,
  Listener,
  Transport,
} from "../../transports/transport.ts";
import { StepNetwork } from "../network/_network.ts";
import { currentProcess, SimulatedProcess } from "./_process.ts";

/** The base delay of each message and its jitter, in milliseconds. */
const LATENCY = { delayMs: 1, jitterMs: 9 };

/**
 * The network between the nodes of one run. Connection ends belong to
 * processes: they break when the process crashes, and stall while it is paused.
 */
export class NodeNetwork {
  /** Faults and their connections. Nodes are owners, found by their names. */
  readonly network: StepNetwork;
  /** Carries `local://` addresses, on behalf of the calling process. */
  readonly transport: Transport;
  readonly #wire: SimulatedProcess;
  readonly #owners = new Map<string, object>();
  readonly #ends = new WeakMap<object, object>();
  /** The names of the nodes at both ends, by address. */
  readonly #names = new Map<string, string>();

  /** Creates a network without faults over `base`. */
  constructor(seed: number, base: Transport = plainMemory) {
    this.#wire = new SimulatedProcess(seed, "", 0, true);
    this.network = new StepNetwork({
      seed,
      base,
      belongs: (end, owner) =>
        end === owner ||
        (this.#ends.get(end) ?? this.#ownerAt(end)) === owner,
      isOwner: () => true,
    });
    this.network.delay(LATENCY);
    this.transport = {
      scheme: "local",
      listen: (address, accept) => this.#listen(address, accept),
      connect: (address, options) => this.#connect(address, options),
    };
  }

  /** Returns the object that represents the node `name` in faults. */
  ownerOf(name: string): object {
    const known = this.#owners.get(name);
    if (known !== undefined) return known;
    const owner = { name };
    this.#owners.set(name, owner);
    return owner;
  }

  /** Returns the name of the node at an address; "" for the run itself. */
  nameAt(address: string): string {
    return this.#names.get(address) ?? "";
  }

  /** Breaks off all connections. */
  async close(): Promise<void> {
    await this.#wire.run(async () => {
      await this.network[Symbol.asyncDispose]();
      // When this attempt is refused, everything sent before it has arrived.
      await plainMemory.connect("local://nobody").catch(() => {});
    });
  }

  #ownerAt(end: object): object | undefined {
    const address = (end as Partial<Listener>).address;
    const name = address === undefined ? undefined : this.#names.get(address);
    return name === undefined ? undefined : this.ownerOf(name);
  }

  async #listen(
    address: string,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    const process = currentProcess()!;
    // The context of the process, and of the step that the server belongs to.
    const inContext = AsyncLocalStorage.snapshot();
    this.#names.set(address, process.name);
    const accepted = (connection: Connection) => {
      this.#ends.set(connection, this.ownerOf(process.name));
      const own = this.#own(connection, process);
      process.admit(() => inContext(() => accept(own)));
    };
    const listener = await process.admitted(
      this.#wire.run(() => this.network.transport().listen(address, accepted)),
    );
    const close = () => this.#wire.run(() => listener.close());
    process.onCrash.add(close);
    const own: Listener = {
      ...listener,
      close: () => {
        process.onCrash.delete(close);
        return process.admitted(close());
      },
    };
    observed.by?.handed(own, listener);
    return own;
  }

  async #connect(
    address: string,
    options: Parameters<Transport["connect"]>[1],
  ): Promise<Connection> {
    const process = currentProcess()!;
    const owner = this.ownerOf(process.name);
    const connecting = this.#wire.run(() =>
      this.network.transport(() => owner).connect(address, options)
    );
    // The connection may be made after the process has crashed.
    connecting.then(
      ({ stream }) => {
        if (process.isDead) this.#wire.run(() => stream.close());
      },
      () => {},
    );
    const connection = await process.admitted(connecting);
    this.#ends.set(connection, owner);
    this.#names.set(connection.localAddress, process.name);
    return this.#own(connection, process);
  }

  #own(connection: Connection, process: SimulatedProcess): Connection {
    const { stream } = connection;
    return {
      ...connection,
      stream: new ProcessStream(stream, process, this.#wire),
    };
  }
}

/** One end of a stream, which belongs to a process. */
class ProcessStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #process: SimulatedProcess;
  readonly #wire: SimulatedProcess;
  readonly #crash: () => void;

  constructor(
    stream: ByteStream,
    process: SimulatedProcess,
    wire: SimulatedProcess,
  ) {
    this.#stream = stream;
    this.#process = process;
    this.#wire = wire;
    this.#crash = () => wire.run(() => stream.close());
    process.onCrash.add(this.#crash);
    if (process.isDead) this.#crash();
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#admitted(() => this.#stream.read(into));
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#admitted(() => this.#stream.write(bytes));
  }

  closeWrite(): Promise<void> {
    return this.#admitted(() => this.#stream.closeWrite());
  }

  close(): void {
    this.#process.onCrash.delete(this.#crash);
    this.#wire.run(() => this.#stream.close());
  }

  ref(): void {}
  unref(): void {}

  #admitted<T>(act: () => Promise<T>): Promise<T> {
    return this.#process.admitted(this.#wire.run(act));
  }
}
