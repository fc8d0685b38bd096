import type { Codec } from "../channel/codecs/codec.ts";
import type { Serializer } from "../channel/codecs/types/serializer.ts";
import type { BudgetOptions } from "../channel/options.ts";
import type { ErrorContext } from "../channel/report.ts";
import type { ContainerOptions } from "./container_options.ts";
import type { ContainerClosedError } from "./errors.ts";
import type { Access } from "./links/_access.ts";

/** The options of a container, with the defaults that its parts need. */
export interface ResolvedContainerOptions
  extends ContainerOptions, BudgetOptions {
  readonly codec: Codec;
  readonly serializers: readonly Serializer[];
}

/** A container, as its own parts see it. */
export interface ContainerContext {
  /** The container, which owns all that its parts open. */
  readonly container: object;
  readonly options: ResolvedContainerOptions;
  readonly access: Access;
  /** The public address of the container; empty until it listens. */
  readonly address: string;
  /**
   * Throws if the container is closed. `act` describes the attempt.
   *
   * @throws {ContainerClosedError} If the container is closed.
   */
  checkOpen(act: string): void;
  /** Returns the error of an attempt that needs an open container. */
  closedError(act: string): ContainerClosedError;
  /** Reports an error that no caller awaits. */
  report(error: unknown, kind: ErrorContext["kind"], address: string): void;
  /** Closes the container because an agent has failed. */
  escalate(error: unknown): void;
}
