import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { Codec } from "../../channel/codecs/codec.ts";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { internalsOf } from "../_container_internals.ts";
import { ExternalClock } from "../clock/external_clock.ts";
import { LocalParty } from "../clock/_local_party.ts";
import {
  type Party,
  type PartyReport,
  watched,
  type WatchedReport,
} from "../clock/_party.ts";
import { Container } from "../container.ts";
import { dateSerializer } from "../date_serializer.ts";
import { SpawnError } from "../errors.ts";
import { GRACE_MS } from "../supervision/_agent_lifecycle.ts";
import {
  byAddress,
  connectToParent,
  type ControlPoint,
  type SpawnSetup,
} from "./_control.ts";
import {
  loadAgentClass,
  loadExport,
  loadModule,
  loadOptions,
} from "./_modules.ts";
import { setClock } from "./manager.ts";
import { nameOption } from "./_permission_hint.ts";

/** The process or Worker of a child. */
export interface ChildHost {
  /** Whether the child has its own permissions. A Worker does not. */
  readonly hasPermissions: boolean;
  /** Resolves when the child's program has loaded its modules. */
  readonly isLoaded?: Promise<void>;
  /** Prints to stderr. */
  print(text: string): void;
  /** Ends the process or Worker. */
  exit(code: number): void;
}

/**
 * The container of a process or Worker, with the methods that its parent calls.
 */
export class Child {
  readonly #host: ChildHost;
  readonly #serializers: Serializer[] = [];
  #modules: ReadonlyMap<string, string> = new Map();
  #container: Container | null = null;
  /** The container, from the time at which it starts to open. */
  #opening: Promise<Container> | null = null;
  #party: Party | null = null;
  #parent: RpcClient | null = null;
  #isEnding = false;
  #hasCrashed = false;

  constructor(host: ChildHost) {
    this.#host = host;
  }

  /** Connects to the parent. When the connection is lost, the child ends. */
  async connect(point: ControlPoint): Promise<RpcClient> {
    const serializers = Array.from(
      { length: point.serializers },
      (_, index) => lateSerializer(() => this.#serializers[index]!),
    );
    const parent = this.#parent = await connectToParent(point, {
      service: this,
      serializers: [dateSerializer, ...serializers],
      resolver: byAddress(() => internalsOf(this.#opened).links),
    });
    parent.closed.then(() => this.close(GRACE_MS));
    return parent;
  }

  get #opened(): Container {
    if (this.#container !== null) return this.#container;
    throw new SpawnError("Cannot use the container: it is not open");
  }

  /** Loads the modules, and opens the container. */
  @expose
  async open(
    { listens, parent, codecName, clock, named, plain, ...setup }: SpawnSetup,
  ): Promise<void> {
    await this.#host.isLoaded;
    const modules = this.#modules = new Map(Object.entries(setup.modules));
    for (const href of new Set(modules.values())) await loadModule(href);
    for (const name of setup.serializers) {
      this.#serializers.push(await loadExport(modules, name) as Serializer);
    }
    const { codec, ...loaded } = await loadOptions(modules, named);
    if (this.#isEnding) throw new SpawnError("Cannot open: it is ending");
    this.#opening = Container.create(listens, {
      ...plain,
      ...setup,
      ...loaded,
      codec: chooseCodec(codecName, codec),
      serializers: this.#serializers,
      clock: clock === null
        ? undefined
        : new ExternalClock(clock.utcStart, clock),
    });
    const container = this.#container = await this.#opening;
    container.closed.then(({ by }) =>
      this.#host.exit(by === "local" && !this.#hasCrashed ? 0 : 1)
    );
    // The parent may pass its own agents, so trust its address.
    internalsOf(container).context.access.name(parent);
  }

  /** Makes an agent of the class `name`. Resolves to its id. */
  @expose
  async spawn(name: string, ...args: unknown[]): Promise<string> {
    const type = await loadAgentClass(this.#modules, name);
    try {
      return (await this.#opened.spawn(type, ...args)).id;
    } catch (error) {
      const isDenied = error instanceof Deno.errors.NotCapable;
      if (!isDenied || !this.#host.hasPermissions) throw error;
      const { message: text, stack } = error;
      throw Object.assign(new Deno.errors.NotCapable(nameOption(text)), {
        stack,
      });
    }
  }

  /** Sets the time of the clock, in seconds. */
  @expose
  setTime(time: number): void {
    setClock(this.#opened, time);
  }

  /** Switches to renewed certificates. */
  @expose
  async renewCertificate(changes: TlsOptions): Promise<void> {
    await this.#opened.renewCertificate(changes);
  }

  /** Makes the container follow its clock, until `endRun`. */
  @expose
  beginRun(): number {
    const run = this.#clockParty;
    run.begin();
    return run.time;
  }

  /** Called when the clock is not run any more. */
  @expose
  endRun(): void {
    this.#clockParty.end();
  }

  /**
   * Sets the time of the clock, in seconds, without waking anything before
   * `settle`.
   */
  @expose
  setRunTime(time: number): void {
    this.#clockParty.setTime(time);
  }

  /** Wakes all due waits, waits until the container is idle, and reports. */
  @expose
  async settle(): Promise<PartyReport> {
    return await this.#clockParty.settle();
  }

  /** Like `settle`, but wakes nothing, and also reports how much is running. */
  @expose
  async watch(): Promise<WatchedReport> {
    return await this.#opened[watched]().settle();
  }

  get #clockParty(): Party {
    return this.#party ??= new LocalParty(this.#opened.clock);
  }

  /** Closes the container within `graceMs`, and ends the process or Worker. */
  @expose
  async close(graceMs: number): Promise<void> {
    this.#isEnding = true;
    const container = await this.#opening?.catch(() => null);
    await container?.close({ graceMs });
    if (!container) this.#host.exit(1);
  }

  /**
   * Handles uncaught errors: prints each, and ends the child with code 1. A
   * container that is being opened is closed first, since its Unix socket would
   * leave files behind.
   */
  takeUncaught(): void {
    const crash = (error: unknown) => {
      this.#hasCrashed = true;
      const text = error instanceof Error ? error.stack : undefined;
      this.#host.print(`error: Uncaught ${text ?? error}\n`);
      this.#parent?.close({ graceMs: 0 });
      this.close(0);
    };
    addEventListener("error", (event) => {
      event.preventDefault();
      crash((event as ErrorEvent).error);
    });
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      crash((event as PromiseRejectionEvent).reason);
    });
  }
}

/**
 * Returns the codec with the name of the parent's codec.
 *
 * @throws {SpawnError} If `own` has another name.
 */
function chooseCodec(name: string, own: Codec | undefined): Codec {
  if (own === undefined) return name === "json" ? json() : msgpack();
  if (own.name === name) return own;
  throw new SpawnError(
    `Cannot use codec '${own.name}': the parent's is '${name}', name that one in 'codec'`,
  );
}

/**
 * A placeholder for a serializer that is loaded only after the connection was
 * made. It only reads.
 */
function lateSerializer(loaded: () => Serializer): Serializer {
  return {
    type: class {},
    serialize: () => null, // nothing has this type
    deserialize: (data) => loaded().deserialize(data),
  };
}
