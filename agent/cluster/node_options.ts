import type { ContainerOptions } from "../container_options.ts";
import type { Engine } from "./engine.ts";

/** Options for `Node.join`, in addition to those of its container. */
export interface NodeOptions extends ContainerOptions {
  /**
   * The engine that the nodes of the cluster share. The node does not close it.
   */
  readonly engine: Engine;
  /**
   * The name of the node in the cluster.
   *
   * @default {`node-` and random letters}
   */
  readonly name?: string | undefined;
  /**
   * The address at which the node's container listens, as in
   * `Container.create`.
   *
   * @default {`engine.nodeAddress`}
   */
  readonly address?: string | undefined;
  /**
   * How long after its last renewal a node counts as gone, in milliseconds, at
   * least 1,000. The node renews its lease four times in this period.
   *
   * @default {9_000}
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long calls of virtual agents wait while an agent is away, in
   * milliseconds.
   *
   * @default {twice `leaseMs`, and 2,000 more}
   */
  readonly retryForMs?: number | undefined;
  /** Gives up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
