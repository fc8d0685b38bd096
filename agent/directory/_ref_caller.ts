import type { CallOptions } from "../../rpc/call.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { type Caller, holdsStream, remoteNode } from "../../rpc/internal.ts";
import { parseAgentAddress } from "../address.ts";
import { isAgentNotFound } from "../messages/_agent_not_found.ts";
import { ConnectError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";

/** The dependencies of a {@linkcode RefCaller}. */
export interface RefSource {
  /** The address of the directory. */
  readonly address: string;
  /** The default time limit of calls, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Returns a proxy for an agent that matches the query.
   *
   * @throws {AgentNotFoundError} If there is none.
   * @throws {ConnectError} If the directory cannot be reached.
   */
  find(): Promise<unknown>;
  /**
   * Returns a function that waits before each further attempt, and throws once
   * no time is left.
   */
  retries(): (
    error: unknown,
    signal: AbortSignal | undefined,
    atMostMs?: number,
  ) => Promise<void>;
}

/**
 * Returns whether the call has not run, because there is no agent at `address`,
 * or no agent was found. An error of the method itself is not a reason to call
 * another agent.
 */
function isGone(error: unknown, address: string | undefined): boolean {
  if (error instanceof ConnectError) return true;
  return address === undefined
    ? error instanceof AgentNotFoundError
    : isAgentNotFound(error, parseAgentAddress(address).id);
}

/**
 * Calls an agent that a directory has found. When the agent is gone, looks up
 * another one.
 */
export class RefCaller implements Caller {
  readonly #source: RefSource;
  /** The proxy of the agent found last. Concurrent calls share a look-up. */
  #target: Promise<unknown> | null = null;

  constructor(source: RefSource) {
    this.#source = source;
  }

  /** The address of the directory. */
  get remoteAddress(): string {
    return this.#source.address;
  }

  async call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#source.timeoutMs, signal } = options;
    const until = world.now() + timeoutMs;
    const leftMs = () => Math.max(0, until - world.now());
    const again = this.#source.retries();
    for (;;) {
      const known = this.#target;
      const target = known ?? this.#find();
      let address: string | undefined;
      try {
        const node = remoteNode(await target)!;
        address = node.place?.address;
        const full = node.path === "" ? path : `${node.path}/${path}`;
        const rest = { ...options, timeoutMs: leftMs() };
        return await node.caller.call(full, args, rest);
      } catch (error) {
        if (!isGone(error, address)) throw error;
        this.#forget(target);
        if (holdsStream(args)) throw error;
        // The known agent was outdated: look up another one without waiting.
        if (known === null) await again(error, signal, leftMs());
      }
    }
  }

  #find(): Promise<unknown> {
    const target = this.#target = this.#source.find();
    target.catch(() => this.#forget(target));
    return target;
  }

  #forget(target: Promise<unknown>): void {
    if (this.#target === target) this.#target = null;
  }
}
