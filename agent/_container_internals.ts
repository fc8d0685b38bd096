import { Budget } from "../channel/limits/budget.ts";
import { resolveLimits } from "../channel/limits/limits.ts";
import { json } from "../channel/codecs/json/json.ts";
import {
  type ErrorContext,
  guardedOnError,
  type OnError,
} from "../channel/report.ts";
import type { CloseReason } from "../channel/errors.ts";
import { type RpcServer, serveWith } from "../rpc/server.ts";
import { defaultTransports } from "../transports/defaults.ts";
import { observed, world } from "../transports/internal.ts";
import type {
  ContainerContext,
  ResolvedContainerOptions,
} from "./_container_context.ts";
import { publicAddress } from "./address.ts";
import type { Clock } from "./clock/clock.ts";
import { SystemClock } from "./clock/system_clock.ts";
import type { ContainerOptions } from "./container_options.ts";
import { dateSerializer } from "./date_serializer.ts";
import { ContainerClosedError } from "./errors.ts";
import { Access } from "./links/_access.ts";
import { AgentAddresses } from "./links/_agent_addresses.ts";
import { Dialer } from "./links/_dialer.ts";
import { Links } from "./links/_links.ts";
import { GRACE_MS } from "./supervision/_agent_lifecycle.ts";
import { ContainerService } from "./supervision/_container_service.ts";
import { Supervisor } from "./supervision/_supervisor.ts";

/** A part of a container that it closes before it closes itself. */
export interface Dependent {
  /** Closes the part within about `graceMs`. Never rejects. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

const internals = new WeakMap<object, ContainerInternals>();

/**
 * Returns the internals of a container.
 *
 * @throws {TypeError} If `container` is no container.
 */
export function internalsOf(container: object): ContainerInternals {
  const found = internals.get(container);
  if (found !== undefined) return found;
  throw new TypeError(
    "Cannot use this container: it was not made by 'Container.create', pass one that was",
  );
}

/** The parts of one container, for this layer only. */
export class ContainerInternals implements ContainerContext {
  readonly container: object;
  readonly options: ResolvedContainerOptions;
  readonly clock: Clock;
  readonly access: Access;
  readonly dialer: Dialer;
  readonly links: Links;
  readonly supervisor: Supervisor;
  /** The containers that it has spawned. */
  readonly dependents = new Set<Dependent>();
  /**
   * The keys of registrations made from here, each with the address of its
   * directory.
   */
  readonly registrationKeys = new Map<string, string>();
  address = "";
  readonly #onError: OnError;
  readonly #service: ContainerService;
  readonly #ownClock: SystemClock | null;
  readonly #closed = Promise.withResolvers<CloseReason>();
  #server: RpcServer | null = null;
  #reason: CloseReason | null = null;

  constructor(container: object, options: ContainerOptions) {
    this.container = container;
    // Containers call each other, so each proves its name to the other.
    const tls = options.tls &&
      { ...options.tls, clientCerts: options.tls.clientCerts ?? "require" };
    this.options = {
      ...options,
      codec: options.codec ?? json(),
      serializers: [dateSerializer, ...options.serializers ?? []],
      tls,
      transports: defaultTransports({ ...options, tls }),
      // One budget for the server and all connections together.
      budget: new Budget(
        resolveLimits(options.limits).requests.maxServerHeldBytes,
      ),
    };
    this.#onError = guardedOnError(options.onError);
    this.#ownClock = options.clock === undefined ? new SystemClock() : null;
    this.clock = options.clock ?? this.#ownClock!;
    this.supervisor = new Supervisor(this);
    this.#service = new ContainerService(
      this.supervisor,
      this.registrationKeys,
    );
    this.access = new Access(options);
    this.dialer = new Dialer(
      this,
      this.#service,
      new AgentAddresses(this),
    );
    this.links = new Links(this, this.dialer);
    internals.set(container, this);
  }

  /** Resolves when the container is closed. */
  get closed(): Promise<CloseReason> {
    return this.#closed.promise;
  }

  /** The server of the container, which listens. */
  get server(): RpcServer {
    return this.#server!;
  }

  /** Listens at `address`. Called once. */
  async listen(address: string): Promise<void> {
    const { options } = this;
    const startSession = this.dialer.sessions({ isInitiator: false });
    try {
      this.#server = await serveWith(startSession, address, {
        ...options,
        tls: undefined,
      });
      this.address = publicAddress(this.server.address, options.publicHost);
    } catch (error) {
      this.#ownClock?.close();
      await this.#server?.close({ graceMs: 0 });
      throw error;
    }
    observed.by?.opened(this.container, "container", () => this.address);
    observed.by?.owned(this.server, this.container);
  }

  checkOpen(act: string): void {
    if (this.#reason !== null) throw this.closedError(act);
  }

  closedError(act: string): ContainerClosedError {
    return new ContainerClosedError(
      `Cannot ${act}: the container '${this.address}' is closed`,
    );
  }

  report(error: unknown, kind: ErrorContext["kind"], address: string): void {
    this.#onError(error, { kind, address });
  }

  escalate(error: unknown): void {
    const reason = { by: "error", code: "task-failed" } as const;
    const message = "a task of an agent failed";
    this.close({ ...reason, message, error }, GRACE_MS);
  }

  typeOf(id: string): string | null {
    return this.#service.validate_aid(id);
  }

  /**
   * Closes the container. Repeatable; joins a close in progress, whose reason
   * stays. Never rejects.
   */
  async close(reason: CloseReason, graceMs: number): Promise<void> {
    if (this.#reason === null) {
      this.#reason = reason;
      this.#close(reason, world.now() + graceMs);
    }
    await this.closed;
  }

  async #close(reason: CloseReason, until: number): Promise<void> {
    const rest = () => ({ graceMs: Math.max(0, until - world.now()) });
    await this.supervisor.close(until);
    await Promise.all([...this.dependents].map((it) => it.close(rest())));
    this.links.end();
    // Running methods may still use the connections that are there.
    await Promise.all([
      this.server.close(rest()),
      this.dialer.closeOwn(rest().graceMs),
    ]);
    await this.links.close(rest().graceMs);
    this.#ownClock?.close();
    observed.by?.closed(this.container);
    this.#closed.resolve(reason);
  }
}
