import type { ErrorContext } from "../channel/report.ts";

/** A container, as its own parts see it. */
export interface ContainerContext {
  /** The container, which owns all that its parts open. */
  readonly container: object;
  /** Returns the public address of the container; empty until it listens. */
  addressOf(): string;
  /**
   * Throws if the container is closed. `act` describes the attempt.
   *
   * @throws {ContainerClosedError} If the container is closed.
   */
  checkOpen(act: string): void;
  /** Reports an error that no caller awaits. */
  report(error: unknown, kind: ErrorContext["kind"], address: string): void;
  /** Closes the container because an agent has failed. */
  escalate(error: unknown): void;
}
