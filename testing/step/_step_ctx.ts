import { ExternalClock } from "../../agent/clock/external_clock.ts";
import { Container } from "../../agent/container.ts";
import type { ContainerOptions } from "../../agent/container_options.ts";
import { openConnection, startServer } from "../../channel/deno.ts";
import * as rpc from "../../rpc/deno.ts";
import type { TestAuthority } from "../certificates/certificates.ts";
import type { Ctx, CtxChannelOptions } from "../ctx_contract.ts";
import type { CtxRpc } from "../ctx_rpc_contract.ts";
import type { Ledger } from "../ledger/_ledger.ts";
import { StepNetwork } from "../network/_network.ts";
import type { Network } from "../network_contract.ts";
import { describeSeed, type PlannedStep } from "./_plan.ts";
import { fastForwardStep } from "./_fast_forward.ts";
import { Probes } from "./_probes.ts";
import type { ResourceScope } from "./_resource_scope.ts";
import {
  type Addresses,
  baseOf,
  nameOf,
  type StepTls,
  transportsOf,
  wrapperOf,
} from "./_transports.ts";
import { GRACE_MS, makeVerbs } from "./_verbs.ts";
import type { ReportedError } from "./_verdict.ts";

/** The parts of a step that its {@linkcode StepCtx} uses. */
export interface StepParts {
  readonly plan: PlannedStep;
  /** The certificates of a step with TLS. */
  readonly tls: StepTls | null;
  readonly scope: ResourceScope;
  readonly addresses: Addresses;
  readonly ledger: Ledger;
  /** Aborts when the step's time is up. */
  readonly signal: AbortSignal;
  /** Reported errors that the test has not taken yet. */
  readonly reported: ReportedError[];
}

/** The {@linkcode Ctx} of one step. */
export class StepCtx implements Ctx {
  readonly transport: string;
  readonly signal: AbortSignal;
  readonly rpc: CtxRpc;
  readonly startServer: Ctx["startServer"];
  readonly connect: Ctx["connect"];
  readonly startServerAndConnect: Ctx["startServerAndConnect"];
  readonly closeServer: Ctx["closeServer"];
  readonly restartServer: Ctx["restartServer"];
  readonly #probes: Probes;
  readonly #parts: StepParts;
  #network: StepNetwork | null = null;
  /** Set once a server is started: its connections would bypass a network. */
  #isTooLateForNetwork = false;
  #clock: ExternalClock | null = null;

  /** Creates a context for the parts of its step. */
  constructor(parts: StepParts) {
    this.#parts = parts;
    this.transport = nameOf(parts.plan.transport);
    this.signal = parts.signal;
    const { scope } = parts;
    const nextAddress = () => this.address;
    const channels = makeVerbs({
      scope,
      nextAddress,
      options: () => this.options,
      names: { server: "server", client: "channel to", verbs: "ctx" },
      start: startServer,
      connect: openConnection,
    });
    this.startServer = channels.startServer;
    this.connect = channels.connect;
    this.startServerAndConnect = channels.startServerAndConnect;
    this.closeServer = channels.closeServer;
    this.restartServer = channels.restartServer;
    this.#probes = new Probes(scope.ending);
    // Only the type of `rpc` has type parameters, hence the cast below.
    this.rpc = makeVerbs({
      scope,
      nextAddress,
      options: () => ({
        ...this.options,
        sendStacks: true,
        maskErrors: false,
        onMethodError: () => {},
      }),
      names: {
        server: "RPC server",
        client: "RPC client of",
        verbs: "ctx.rpc",
      },
      start: rpc.startServer,
      connect: rpc.openConnection,
    }) as CtxRpc;
  }

  get options(): CtxChannelOptions {
    const { plan, tls } = this.#parts;
    const transports = this.#network?.transports() ??
      transportsOf(plan.transport);
    return {
      codec: plan.codec,
      onError: (error, context) => {
        // A frame that the network cut off is not the peer's fault.
        const isOfNetwork = this.#network?.hasBrokenOff &&
          context.kind === "protocol";
        // Tests take servers away on purpose, and clients report that.
        if (isOfNetwork || context.kind === "connect") return;
        this.#parts.reported.push({ error, context });
      },
      // The transport through the network applies TLS itself.
      ...(transports !== undefined
        ? { transports }
        : tls && { tls: tls.options }),
    };
  }

  /**
   * Describes how to repeat the network's random numbers, if a network is used.
   */
  describeSeed(): string | null {
    return this.#network && describeSeed(this.#network.seed);
  }

  get network(): Network {
    return this.#network ??= this.#makeNetwork();
  }

  #makeNetwork(): StepNetwork {
    const { plan, tls, scope, ledger } = this.#parts;
    scope.check("'ctx.network'");
    if (this.#isTooLateForNetwork) {
      throw new TypeError(
        "Cannot use 'ctx.network': this step had started a server before, whose connections lead around it; read it first, as in 'const { network } = ctx'",
      );
    }
    const network = scope.use(
      new StepNetwork({
        seed: plan.seed,
        base: baseOf(plan.transport),
        wrap: wrapperOf(plan.transport, tls),
        belongs: (end, owner) => ledger.belongs(end, owner),
        isOwner: (owner) => ledger.knows(owner),
      }),
    );
    const onEnding = () => network.end();
    scope.ending.addEventListener("abort", onEnding, { once: true });
    return network;
  }

  get address(): string {
    this.#parts.scope.check("'ctx.address'");
    this.#isTooLateForNetwork = this.#network === null;
    return this.#parts.addresses.next();
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
    const { utcStart } = this.#parts.plan;
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

  async fastForward(
    { until }: { readonly until?: number | undefined } = {},
  ): Promise<void> {
    const { ledger, scope } = this.#parts;
    scope.check("'ctx.fastForward'");
    await fastForwardStep(this.clock, ledger.traffic, {
      until,
      signal: scope.ending,
      hasNetwork: this.#network !== null,
    });
  }

  async createContainer(options: ContainerOptions = {}): Promise<Container> {
    const { address } = this;
    const { plan, scope } = this.#parts;
    let made: Container | null = null;
    const transports = this.#network?.transports(() => made);
    made = await scope.acquire(
      `container '${address}'`,
      () =>
        Container.create(address, {
          ...this.options,
          ...(transports !== undefined && { transports }),
          ...(plan.utcStart !== undefined && { clock: this.clock }),
          ...options,
        }),
      (container) => container.close({ graceMs: GRACE_MS }),
    );
    return made;
  }

  eventually<T>(...args: Parameters<Probes["eventually"]>): Promise<T> {
    return this.#probes.eventually(...args) as Promise<T>;
  }

  within<T>(...args: Parameters<Probes["within"]>): Promise<T> {
    return this.#probes.within(...args) as Promise<T>;
  }

  expectNothing(...args: Parameters<Probes["expectNothing"]>): Promise<void> {
    return this.#probes.expectNothing(...args);
  }

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.#parts.scope.use(resource);
  }

  takeHandlerErrors(): unknown[] {
    this.#parts.scope.check("'ctx.takeHandlerErrors'");
    return this.#parts.reported.splice(0).map(({ error }) => error);
  }
}
