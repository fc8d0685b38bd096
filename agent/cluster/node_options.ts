import type { ContainerOptions } from "../container_options.ts";
import type { Engine } from "./engine.ts";

/** Options for `Node.join`; the others are those of its container. */
export interface NodeOptions extends ContainerOptions {
  /** What the nodes of the cluster share. The node does not close it. */
  readonly engine: Engine;
  /**
   * The name of the node in the cluster.
   *
   * @default {`node-` and random letters}
   */
  readonly name?: string | undefined;
  /**
   * The address at which its container listens, as in `Container.create`.
   *
   * @default {`engine.nodeAddress`}
   */
  readonly address?: string | undefined;
  /**
   * How long after its last sign of life a node counts as gone, in milliseconds,
   * from 1,000 on. It renews its lease four times as often.
   *
   * @default {9_000}
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long calls of virtual agents wait while an agent is away, in milliseconds.
   *
   * @default {twice `leaseMs`, and 2,000 more}
   */
  readonly retryForMs?: number | undefined;
  /** Gives up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
