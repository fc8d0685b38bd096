import { json } from "../channel/codecs/json/json.ts";
import type { Codec } from "../channel/codecs/codec.ts";
import type { Serializer } from "../channel/codecs/types/serializer.ts";
import { describeValue } from "../channel/message.ts";
import { renewCertificates } from "../channel/internal.ts";
import { Budget } from "../channel/limits/budget.ts";
import { resolveLimits } from "../channel/limits/limits.ts";
import type { BudgetOptions } from "../channel/options.ts";
import {
  type ErrorContext,
  guardedOnError,
  type OnError,
} from "../channel/report.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import { defaultTransports } from "../transports/defaults.ts";
import { world } from "../transports/internal.ts";
import { seededRandom } from "./_seeded_random.ts";
import type { Clock } from "./clock/base_clock.ts";
import { useOf } from "./clock/_clock_use.ts";
import { SystemClock } from "./clock/system_clock.ts";
import type { ContainerOptions } from "./container_options.ts";
import { dateSerializer } from "./date_serializer.ts";
import { ContainerClosedError } from "./errors.ts";
import { StateFormat } from "./state/_state_format.ts";
import type { StatePlace } from "./state/_state_keeper.ts";
import { memoryStore } from "./state/store.ts";
import { Access } from "./links/_access.ts";

/** The options of a container, with the defaults filled in for its parts. */
export interface ResolvedContainerOptions
  extends ContainerOptions, BudgetOptions {
  readonly codec: Codec;
  readonly serializers: readonly Serializer[];
}

/** The internals of a container that its parts share. */
export class ContainerContext {
  /** The container, which owns everything that its parts open. */
  readonly container: object;
  readonly options: ResolvedContainerOptions;
  readonly access: Access;
  /** The clock of the agents. */
  readonly clock: Clock;
  /** Returns the next random number of the container, in [0, 1). */
  readonly random: () => number;
  /** Closes the container because an agent has failed. */
  readonly escalate: (error: unknown) => void;
  /** The public address of the container; empty until it listens. */
  address = "";
  /** True from when the container begins to close. */
  isClosing = false;
  /** Whether `random` is seeded, and so repeats its numbers. */
  readonly isSeeded: boolean;
  /** The store of the agents' states, and its format. */
  readonly states: StatePlace;
  /** The current TLS options. */
  tls: TlsOptions | undefined;
  readonly #onError: OnError;
  readonly #childSeeds: () => number;

  constructor(
    container: object,
    options: ContainerOptions,
    clock: Clock,
    escalate: (error: unknown) => void,
  ) {
    this.container = container;
    if (typeof clock.time !== "function") {
      throw new TypeError(
        `Cannot use ${
          describeValue(clock)
        } as 'clock': it must be a clock, such as 'new ExternalClock("2024-01-01")'`,
      );
    }
    this.clock = clock;
    const seed = options.seed ?? defaultSeed(clock);
    this.random = seed === null ? () => world.random() : seededRandom(seed);
    this.#childSeeds = seededRandom(~(seed ?? 0));
    this.isSeeded = seed !== null;
    this.escalate = escalate;
    // Containers connect in both directions, so each side shows a certificate.
    const tls = options.tls &&
      { ...options.tls, clientCerts: options.tls.clientCerts ?? "require" };
    this.options = {
      ...options,
      codec: options.codec ?? json(),
      serializers: [dateSerializer, ...options.serializers ?? []],
      tls,
      transports: defaultTransports({ ...options, tls }),
      // The server and all connections share one budget.
      budget: new Budget(
        resolveLimits(options.limits).requests.maxServerHeldBytes,
      ),
    };
    this.tls = tls;
    const { codec, serializers } = this.options;
    this.states = {
      store: options.store ?? memoryStore(),
      format: new StateFormat(codec, serializers),
    };
    this.access = new Access(options);
    this.#onError = guardedOnError(options.onError);
  }

  /** Returns the seed of the next container that this one spawns. */
  childSeed(): number {
    return Math.floor(this.#childSeeds() * 2 ** 53);
  }

  /**
   * Switches to renewed certificates.
   *
   * @throws {TypeError} If the certificates cannot be used, or TLS is not in
   * use.
   */
  async renewCertificate(changes: TlsOptions | undefined): Promise<void> {
    const { transports = [] } = this.options;
    await renewCertificates(`'${this.address}'`, transports, changes);
    if (this.tls !== undefined) this.tls = { ...this.tls, ...changes };
  }

  /**
   * Throws if the container is closed. `act` describes the attempt.
   *
   * @throws {ContainerClosedError} If the container is closed.
   */
  checkOpen(act: string): void {
    if (this.isClosing) throw this.closedError(act);
  }

  /** Returns the error for an attempt that needs an open container. */
  closedError(act: string, options?: ErrorOptions): ContainerClosedError {
    return new ContainerClosedError(
      `Cannot ${act}: the container '${this.address}' is closed`,
      options,
    );
  }

  /** Reports an error that no caller awaits. */
  report(error: unknown, kind: ErrorContext["kind"], address: string): void {
    this.#onError(error, { kind, address });
  }
}

/**
 * In simulated time the default seed makes runs repeatable, and gives each
 * container of a clock different numbers. In real time there is none.
 */
function defaultSeed(clock: Clock): number | null {
  return clock instanceof SystemClock ? null : useOf(clock).containers++;
}
