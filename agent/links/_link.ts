import { connectionClosed, Ending, pause } from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import {
  RemoteError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import type { CallOptions } from "../../rpc/call.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { AgentNotFoundError, MethodNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { type Caller, makeRemote, type Session } from "../../rpc/internal.ts";
import { ConnectError } from "../../transports/errors.ts";
import { printable } from "../../transports/printable.ts";
import { formatAgentAddress } from "../address.ts";
import { readReason, Watches } from "./_watches.ts";
import type { ContainerService } from "../supervision/_container_service.ts";

/** The time limit for another container to answer whether an agent exists. */
const CHECK_MS = 10_000;

/** The time between polls of a container that has no `watch_aid`. */
const POLL_MS = 5_000;

/** The longest class name accepted from another container. */
const MAX_NAME_LENGTH = 256;

/** A route by which calls reach an agent. */
export interface Route {
  readonly caller: Caller & {
    /** Resolves to whether the method at `path` may run twice. */
    isIdempotent(path: string, options: CallOptions): Promise<boolean>;
  };
  readonly path: string;
  /** Whether the connection can send no more. */
  readonly isOver: boolean;
  /**
   * Whether the connection is over, or the other side has begun to close it.
   */
  readonly isLeaving: boolean;
}

/**
 * A route over one session. It is a class, since an object literal with a
 * getter, made for each connection, survives the garbage collection that should
 * free it.
 */
class AgentRoute implements Route {
  readonly caller: Session["calls"];
  readonly path: string;
  readonly #session: Session;

  constructor(session: Session, path: string) {
    this.caller = session.calls;
    this.path = path;
    this.#session = session;
  }

  get isOver(): boolean {
    return !this.#session.channel.canSend;
  }

  get isLeaving(): boolean {
    return this.isOver || this.#session.closing.isDraining;
  }
}

/** A connection to another container. */
export class Link {
  readonly client: RpcClient<ContainerService>;
  readonly #address: string;
  readonly #session: Session;
  readonly #pollMs: number;
  readonly #ending = new Ending(() => this.#session.channel.lossError()!);
  readonly #watches: Watches;
  /**
   * Whether calls use the connection, not only confirmations of registrations.
   */
  isShared = false;
  /** The number of registrations being confirmed. */
  confirming = 0;
  /** Whether the other side has answered, so that its extensions are known. */
  #isGreeted = false;

  /** `session` is connected to the container at `address`. */
  constructor(address: string, session: Session, pollMs: number = POLL_MS) {
    this.#address = address;
    this.#session = session;
    this.#pollMs = pollMs;
    this.client = session.client as RpcClient<ContainerService>;
    this.#watches = new Watches(() => this.client.remote.watches);
    session.channel.closed.then((reason) => {
      this.#ending.end();
      this.#watches.fail(() =>
        connectionClosed("watch an agent", reason, true)
      );
    });
  }

  /** Whether the connection can send no more. */
  get isOver(): boolean {
    return !this.#session.channel.canSend;
  }

  /**
   * Asks whether an agent exists. Returns its class and the route to it.
   *
   * @throws {AgentNotFoundError} If there is no such agent.
   */
  async find(
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly type: string; readonly route: Route }> {
    const type = await this.classOf(id, signal);
    if (type !== null) return { type, route: this.#route(id) };
    const address = formatAgentAddress({ container: this.#address, id });
    throw new AgentNotFoundError(
      `Cannot connect to '${address}': its container has no such agent, check the id, or start the agent first`,
    );
  }

  /** Returns the route to an agent, which may not exist. */
  async route(id: string, signal?: AbortSignal): Promise<Route> {
    // Before the first call, it must be known whether the other side supports
    // the addresses of agents.
    if (!this.#isGreeted) await this.classOf(id, signal);
    return this.#route(id);
  }

  /** Resolves to this link once the other side has answered a request. */
  async greeted(signal: AbortSignal | undefined): Promise<this> {
    if (!this.#isGreeted) await this.classOf("0", signal);
    return this;
  }

  #route(id: string): Route {
    return new AgentRoute(this.#session, `agents/${id}`);
  }

  /**
   * Asks for the class name of an agent. Returns `null` if there is no such
   * agent.
   *
   * @throws {ConnectError} If the answer is neither a class name nor `null`.
   */
  async classOf(id: string, signal?: AbortSignal): Promise<string | null> {
    const options = { timeoutMs: CHECK_MS, signal };
    let received: unknown;
    try {
      // Not called through a proxy: that would create three for each new
      // connection.
      received = await this.#session.calls.call("validate_aid", [id], options);
    } catch (error) {
      // The connection may be open on this side only. Heartbeats tolerate a
      // peer that has not answered its first call, so close the connection: the
      // next attempt must not use it again.
      const isSilent = error instanceof TimeoutError && !this.#isGreeted;
      if (isSilent) this.close({ graceMs: 0 });
      throw error;
    }
    this.#isGreeted = true;
    if (received === null) return null;
    const type = readClassName(received);
    if (type !== null) return type;
    const address = formatAgentAddress({ container: this.#address, id });
    const what = received === "" ? "an empty text" : typeof received;
    throw new ConnectError(
      `Cannot connect to '${address}': its container answers with ${what} in place of the name of a class`,
      { address },
    );
  }

  /**
   * Asks the other side whether it made the registration with this key, at the
   * directory with this address. Returns who confirms it: the container; the
   * agent `id`, if the container has no such method, as in aiomas; or `null`.
   */
  async confirms(
    key: string,
    directory: string,
    id: string,
    signal: AbortSignal,
  ): Promise<"container" | "agent" | null> {
    const { caller, path } = this.#route(id);
    const options = { timeoutMs: CHECK_MS, signal };
    for (const [by, node] of [["container", ""], ["agent", path]] as const) {
      const asked = makeRemote(caller, node) as Remote<ContainerService>;
      try {
        const answer: unknown = await withOptions(asked, options)
          .confirm_registration(key, directory);
        this.#isGreeted = true;
        return answer === true ? by : null;
      } catch (error) {
        const isUnknown = isUnknownMethod(error) ||
          error instanceof AgentNotFoundError;
        if (!isUnknown) throw error;
      }
    }
    return null;
  }

  /**
   * Resolves to a reason when the agent is gone; rejects when the connection
   * ends. A container of aiomas is polled.
   */
  async watch(id: string, signal: AbortSignal): Promise<string> {
    const options = { signal, timeoutMs: Infinity };
    const remote = withOptions(this.client.remote, options);
    // Tried in order: the watch desk; in older containers, a call that returns
    // when the agent is gone. Other containers are polled.
    const ways = [
      () => this.#watches.watch(id, signal),
      async () => readReason(await remote.watch_aid(id)),
    ];
    for (;;) {
      const [way] = ways;
      try {
        if (way !== undefined) return await way();
        if (await this.classOf(id, signal) === null) {
          return "its container has no such agent";
        }
      } catch (error) {
        if (way !== undefined && isUnknownMethod(error)) {
          ways.shift();
          continue;
        }
        if (!(error instanceof ServerBusyError)) throw error;
      }
      const { channel: owner } = this.#session;
      await this.#ending.before(
        signal,
        (ending) => pause(this.#pollMs, ending, { owner, isRef: false }),
      );
    }
  }

  close(options: CloseOptions): Promise<void> {
    return this.client.close(options);
  }
}

function isUnknownMethod(error: unknown): boolean {
  return error instanceof MethodNotFoundError ||
    (error instanceof RemoteError && error.remoteName === "LookupError");
}

/** Reads a class name sent by another container; `null` if it is not valid. */
export function readClassName(received: unknown): string | null {
  if (typeof received !== "string" || received === "") return null;
  return printable(received, MAX_NAME_LENGTH);
}
