import { Container, type ContainerOptions } from "../../agent/container.ts";
import { ExternalClock } from "../../agent/clock/external_clock.ts";
import type { Channel, CloseOptions } from "../../channel/channel.ts";
import type { Codec } from "../../channel/codecs/codec.ts";
import { type ConnectionOptions, openConnection } from "../../channel/open.ts";
import type { ErrorContext } from "../../channel/report.ts";
import {
  type ConnectHandler,
  type Server,
  type ServerOptions,
  startServer,
} from "../../channel/server.ts";
import type { TestAuthority } from "../certificates/certificates.ts";
import type {
  Ctx,
  CtxChannelOptions,
  CtxPairOptions,
  CtxTransport,
} from "../ctx_contract.ts";
import type { CtxRpc } from "../ctx_rpc_contract.ts";
import { GRACE_MS, type Holdings } from "./_resources.ts";
import type { Network } from "../network_contract.ts";
import type { NetworkSlot } from "./_network_slot.ts";
import type { Places } from "./_addresses.ts";
import { StepRpc } from "./_step_rpc.ts";
import type { StepTls } from "./_step_tls.ts";

/** An error that nobody awaited, and where it came from. */
export interface ReportedError {
  readonly error: unknown;
  readonly context: ErrorContext;
}

/** What a {@linkcode StepCtx} is put together from. */
export interface StepCtxParts {
  readonly transport: CtxTransport;
  readonly codec: Codec;
  readonly places: Places;
  readonly holdings: Holdings;
  readonly network: NetworkSlot;
  readonly signal: AbortSignal;
  /** The date at which the step's clock begins, if it has one. */
  readonly utcStart: Date | string | undefined;
  /** Errors of handlers that the test has not taken. */
  readonly reported: ReportedError[];
  /** Its certificates, if it has TLS. */
  readonly tls: StepTls | null;
}

/** The {@linkcode Ctx} of one step. */
export class StepCtx implements Ctx {
  readonly transport: CtxTransport;
  readonly signal: AbortSignal;
  readonly rpc: CtxRpc;
  readonly #parts: StepCtxParts;
  #server: Server | null = null;
  #clock: ExternalClock | null = null;

  /** Puts it together; the parts are the step's. */
  constructor(parts: StepCtxParts) {
    this.#parts = parts;
    this.transport = parts.transport;
    this.signal = parts.signal;
    this.rpc = new StepRpc({
      options: () => this.options,
      address: () => this.address,
      holdings: parts.holdings,
    });
  }

  get options(): CtxChannelOptions {
    const { codec, tls } = this.#parts;
    const network = this.#parts.network.peek();
    return {
      codec,
      onError: (error, context) => {
        // A frame that the network left unfinished is no wrong of a peer's.
        if (context.kind === "protocol" && network?.hasBrokenOff) return;
        this.#parts.reported.push({ error, context });
      },
      // The transport through the network encrypts by itself.
      ...(network !== null
        ? { transport: network.transport() }
        : tls && { tls: tls.options }),
    };
  }

  get network(): Network {
    return this.#parts.network.get();
  }

  get address(): string {
    this.#parts.holdings.check("'ctx.address'");
    this.#parts.network.begin();
    return this.#parts.places.next();
  }

  get authority(): TestAuthority {
    const { tls } = this.#parts;
    if (tls !== null) return tls.authority;
    throw new TypeError(
      `Cannot read 'ctx.authority': the transport of this step is '${this.transport}', name 'tls' in the option 'transports' of 'withCtx'`,
    );
  }

  get clock(): ExternalClock {
    if (this.#clock !== null) return this.#clock;
    const { utcStart } = this.#parts;
    if (utcStart === undefined) {
      throw new TypeError(
        "Cannot read 'ctx.clock': this test has none, set the option 'utcStart' of 'withCtx'",
      );
    }
    this.#clock = this.use(
      new ExternalClock(utcStart, { onError: this.options.onError }),
    );
    return this.#clock;
  }

  async createContainer(options: ContainerOptions = {}): Promise<Container> {
    const { address } = this;
    const { utcStart, holdings, network } = this.#parts;
    let made: Container | null = null;
    const transport = network.peek()?.transport(() => made);
    made = await holdings.acquire(
      `container '${address}'`,
      () =>
        Container.create(address, {
          ...this.options,
          ...(transport !== undefined && { transport }),
          ...(utcStart !== undefined && { clock: this.clock }),
          ...options,
        }),
      (container) => container.close({ graceMs: GRACE_MS }),
    );
    return made;
  }

  async startServer(
    handler: ConnectHandler,
    options: ServerOptions = {},
  ): Promise<Server> {
    const { address } = this;
    this.#server = await this.#parts.holdings.acquire(
      `server '${address}'`,
      () => startServer(address, handler, { ...this.options, ...options }),
      (server) => server.close({ graceMs: GRACE_MS }),
    );
    return this.#server;
  }

  async connect(options: ConnectionOptions = {}): Promise<Channel> {
    const { address } = this.#lastServer("connect");
    return await this.#parts.holdings.acquire(
      `channel to '${address}'`,
      () =>
        openConnection(address, {
          signal: this.#parts.holdings.ending,
          ...this.options,
          ...options,
        }),
      (channel) => channel.close(),
    );
  }

  async startServerAndConnect(
    handler: ConnectHandler,
    { server, client }: CtxPairOptions = {},
  ): Promise<Channel> {
    await this.startServer(handler, server);
    return await this.connect(client);
  }

  async closeServer(options?: CloseOptions): Promise<void> {
    this.#parts.holdings.check("'ctx.closeServer'");
    await this.#lastServer("close the server").close(options);
  }

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.#parts.holdings.use(resource);
  }

  takeHandlerErrors(): unknown[] {
    this.#parts.holdings.check("'ctx.takeHandlerErrors'");
    return this.#parts.reported.splice(0).map(({ error }) => error);
  }

  #lastServer(act: string): Server {
    if (this.#server !== null) return this.#server;
    throw new TypeError(
      `Cannot ${act}: this step has started no server, call 'ctx.startServer' first`,
    );
  }
}
