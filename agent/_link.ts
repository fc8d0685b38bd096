import { pause } from "../channel/_backoff.ts";
import type { CloseOptions } from "../channel/channel.ts";
import type { ConnectionChannel } from "../channel/_connection_channel.ts";
import { RemoteError } from "../channel/errors.ts";
import { clientOf, type RpcClient } from "../rpc/client.ts";
import { AgentNotFoundError, MethodNotFoundError } from "../rpc/errors.ts";
import { withOptions } from "../rpc/options.ts";
import { makeRemote } from "../rpc/_remote_proxy.ts";
import { peerOf } from "../rpc/_rpc_channel.ts";
import { formatAgentAddress } from "./address.ts";
import type { ContainerService } from "./_registry.ts";

/** For how long another container may think about whether an agent exists. */
const CHECK_MS = 10_000;

/** How often a container that cannot tell by itself is asked for an agent. */
const POLL_MS = 5_000;

/** The one connection to another container, and the proxies of its agents. */
export class Link {
  readonly client: RpcClient<ContainerService>;
  readonly #address: string;
  readonly #channel: ConnectionChannel;
  readonly #proxies = new Map<string, WeakRef<object>>();
  readonly #checking = new Map<string, Promise<object>>();
  readonly #dropped = new FinalizationRegistry<string>((id) => {
    if (this.#proxies.get(id)?.deref() === undefined) this.#proxies.delete(id);
  });

  /** `channel` leads to the container at `address`. */
  constructor(address: string, channel: ConnectionChannel) {
    this.#address = address;
    this.#channel = channel;
    this.client = clientOf<ContainerService>(channel);
  }

  /** How many proxies are remembered. */
  get proxies(): number {
    return this.#proxies.size;
  }

  /**
   * The proxy for an agent, after it was asked for.
   *
   * @throws {AgentNotFoundError} If there is no such agent.
   */
  async agent(id: string): Promise<object> {
    const known = this.#proxies.get(id)?.deref();
    if (known !== undefined) return known;
    let checking = this.#checking.get(id);
    if (checking === undefined) {
      checking = this.#check(id).finally(() => this.#checking.delete(id));
      this.#checking.set(id, checking);
    }
    return await checking;
  }

  async #check(id: string): Promise<object> {
    const address = formatAgentAddress({ container: this.#address, id });
    const type = await this.#validate(id);
    if (type === null) {
      throw new AgentNotFoundError(
        `Cannot connect to '${address}': its container has no such agent, check the id or set 'retryForMs'`,
      );
    }
    const proxy = makeRemote(peerOf(this.#channel), `agents/${id}`, {
      place: { address, type },
    });
    this.#proxies.set(id, new WeakRef(proxy));
    this.#dropped.register(proxy, id);
    return proxy;
  }

  async #validate(id: string, signal?: AbortSignal): Promise<string | null> {
    const options = { timeoutMs: CHECK_MS, signal };
    const type: unknown = await withOptions(this.client.remote, options)
      .validate_aid(id);
    return type === null ? null : String(type);
  }

  /** Resolves to a reason when the agent is gone; rejects with the connection. */
  async watch(id: string, signal: AbortSignal): Promise<string> {
    const options = { signal, timeoutMs: Infinity };
    try {
      return await withOptions(this.client.remote, options).watch_aid(id);
    } catch (error) {
      if (!isUnknownMethod(error)) throw error;
      return await this.#poll(id, signal);
    }
  }

  /** Asks for the agent again and again: the other side is no denomas. */
  async #poll(id: string, signal: AbortSignal): Promise<string> {
    while (await this.#validate(id, signal) !== null) {
      await pause(POLL_MS, signal, { owner: this.#channel, isRef: false });
    }
    return "its container has no such agent";
  }

  close(options: CloseOptions): Promise<void> {
    return this.client.close(options);
  }
}

function isUnknownMethod(error: unknown): boolean {
  return error instanceof MethodNotFoundError ||
    (error instanceof RemoteError && error.remoteName === "LookupError");
}
