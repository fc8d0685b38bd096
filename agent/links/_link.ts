import { Ending, pause } from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import { RemoteError, ServerBusyError } from "../../channel/errors.ts";
import { clientOf, type RpcClient } from "../../rpc/client.ts";
import { AgentNotFoundError, MethodNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import {
  type Caller,
  makeRemote,
  remoteNode,
  type Session,
} from "../../rpc/internal.ts";
import { ConnectError } from "../../transports/errors.ts";
import { formatAgentAddress } from "../address.ts";
import type { ContainerService } from "../supervision/_container_service.ts";
import { toldClassName, toldReason } from "../spawn/_told_text.ts";

/** For how long another container may think about whether an agent exists. */
const CHECK_MS = 10_000;

/** How often a container that cannot tell by itself is asked for an agent. */
const POLL_MS = 5_000;

/** What can be asked whether it has registered itself. */
type Confirming = Pick<ContainerService, "confirm_registration">;

/** How calls reach an agent. */
export interface Route {
  readonly caller: Caller;
  readonly path: string;
}

/** The one connection to another container, and the proxies of its agents. */
export class Link {
  readonly client: RpcClient<ContainerService>;
  readonly #address: string;
  readonly #session: Session;
  readonly #pollMs: number;
  readonly #proxies = new Map<string, WeakRef<object>>();
  readonly #dropped = new FinalizationRegistry<string>((id) => {
    if (this.#proxies.get(id)?.deref() === undefined) this.#proxies.delete(id);
  });
  readonly #ending = new Ending(() => this.#session.channel.lossError()!);
  /** Whether it is used by others than those who hold a lease. */
  isShared = false;
  #leases = 0;
  /** Whether it is known what the other side can do. */
  #isGreeted = false;

  /** `session` leads to the container at `address`. */
  constructor(
    address: string,
    session: Session,
    pollMs: number = POLL_MS,
  ) {
    this.#address = address;
    this.#session = session;
    this.#pollMs = pollMs;
    this.client = clientOf<ContainerService>(session);
    session.channel.closed.then(() => this.#ending.end());
  }

  /** How many proxies are remembered. */
  get proxies(): number {
    return this.#proxies.size;
  }

  /** Whether the connection has ended. */
  get isOver(): boolean {
    return this.#session.channel.lossError() !== null;
  }

  /** Takes a lease; returns what gives it back, which counts once. */
  lease(): () => void {
    this.#leases++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#leases === 0 && !this.isShared) this.close({ graceMs: 0 });
    };
  }

  /**
   * The proxy for an agent, after it was asked for: nobody else's question
   * would do, as the agent may have come since.
   *
   * @throws {AgentNotFoundError} If there is no such agent.
   */
  async agent(id: string, signal?: AbortSignal): Promise<object> {
    const address = formatAgentAddress({ container: this.#address, id });
    const type = await this.classOf(id, signal);
    if (type === null) {
      this.#proxies.delete(id);
      throw new AgentNotFoundError(
        `Cannot connect to '${address}': its container has no such agent, check the id or set 'retryForMs'`,
      );
    }
    const known = this.#proxies.get(id)?.deref();
    if (known && remoteNode(known)!.place!.type === type) return known;
    const place = { address, type };
    const { caller, path } = this.#route(id);
    const proxy = makeRemote(caller, path, { place });
    this.#proxies.set(id, new WeakRef(proxy));
    this.#dropped.register(proxy, id);
    return proxy;
  }

  /** How to call an agent, of which nobody has asked whether it exists. */
  async route(id: string, signal?: AbortSignal): Promise<Route> {
    // Else the other side would not be known to understand the addresses of
    // agents in the first call.
    if (!this.#isGreeted) await this.classOf(id, signal);
    return this.#route(id);
  }

  #route(id: string): Route {
    return { caller: this.#session.calls, path: `agents/${id}` };
  }

  /**
   * The name of an agent's class, as its container tells it; `null` if that has
   * no such agent.
   *
   * @throws {ConnectError} If the answer is neither.
   */
  async classOf(id: string, signal?: AbortSignal): Promise<string | null> {
    const options = { timeoutMs: CHECK_MS, signal };
    const told: unknown = await withOptions(this.client.remote, options)
      .validate_aid(id);
    this.#isGreeted = true;
    if (told === null) return null;
    const type = toldClassName(told);
    if (type !== null) return type;
    const address = formatAgentAddress({ container: this.#address, id });
    throw new ConnectError(
      `Cannot connect to '${address}': its container answers with ${
        typeof told === "string" ? "an empty text" : typeof told
      } in place of the name of a class`,
      { address },
    );
  }

  /**
   * Asks whether the registration with this key in the directory at this address
   * was made by the other side. Resolves to who confirms it: the container; the
   * agent `id`, if the container has no such method, as those of aiomas; or
   * `null` for nobody.
   */
  async confirms(
    key: string,
    directory: string,
    id: string,
    signal: AbortSignal,
  ): Promise<"container" | "agent" | null> {
    const { caller, path } = this.#route(id);
    for (const [by, node] of [["container", ""], ["agent", path]] as const) {
      const asked = makeRemote(caller, node) as Remote<Confirming>;
      try {
        const answer: unknown = await withOptions(asked, {
          timeoutMs: CHECK_MS,
          signal,
        }).confirm_registration(key, directory);
        this.#isGreeted = true;
        return answer === true ? by : null;
      } catch (error) {
        if (!isUnknownMethod(error) && !isNoAgent(error)) throw error;
      }
    }
    return null;
  }

  /** Resolves to a reason when the agent is gone; rejects with the connection. */
  async watch(id: string, signal: AbortSignal): Promise<string> {
    const options = { signal, timeoutMs: Infinity };
    for (;;) {
      try {
        const told: unknown = await withOptions(this.client.remote, options)
          .watch_aid(id);
        return toldReason(told);
      } catch (error) {
        if (isUnknownMethod(error)) return await this.#poll(id, signal);
        if (!(error instanceof ServerBusyError)) throw error;
      }
      await this.#pause(signal);
    }
  }

  /** Asks for the agent again and again: the other side is no denomas. */
  async #poll(id: string, signal: AbortSignal): Promise<string> {
    while (await this.#isThere(id, signal)) await this.#pause(signal);
    return "its container has no such agent";
  }

  async #isThere(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.classOf(id, signal) !== null;
    } catch (error) {
      // It can tell when it is less busy.
      if (error instanceof ServerBusyError) return true;
      throw error;
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const options = { owner: this.#session.channel, isRef: false };
    await this.#ending.before(
      signal,
      (ending) => pause(this.#pollMs, ending, options),
    );
  }

  close(options: CloseOptions): Promise<void> {
    return this.client.close(options);
  }
}

function isNoAgent(error: unknown): boolean {
  return error instanceof AgentNotFoundError;
}

function isUnknownMethod(error: unknown): boolean {
  return error instanceof MethodNotFoundError ||
    (error instanceof RemoteError && error.remoteName === "LookupError");
}
