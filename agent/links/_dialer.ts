import {
  type ChannelStarter,
  type ConnectionChannel,
  Totals,
} from "../../channel/internal.ts";
import { channelOn } from "../../channel/open.ts";
import { resolveOptions } from "../../channel/options.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../../rpc/authenticate.ts";
import {
  type AddressResolver,
  openRpcWith,
  rpcChannel,
} from "../../rpc/internal.ts";
import { observed } from "../../transports/internal.ts";
import { memoryPair } from "../../transports/memory.ts";
import type { ContainerContext } from "../_container_context.ts";
import type { ContainerService } from "../supervision/_container_service.ts";
import type { Access } from "./_access.ts";
import { tlsFor } from "./_tls_for.ts";

/** Makes the channels of a container, to others and to itself. */
export class Dialer {
  /** The counts of the channels made here, including those that have ended. */
  readonly totals: Totals = new Totals();
  readonly #context: ContainerContext;
  readonly #access: Access;
  readonly #service: ContainerService;
  readonly #places: AddressResolver;
  /** The far end of the connection to the container itself. */
  #ownEnd: ConnectionChannel | null = null;

  /** `service` and `places` are offered to the other side. */
  constructor(
    context: ContainerContext,
    access: Access,
    service: ContainerService,
    places: AddressResolver,
  ) {
    this.#context = context;
    this.#access = access;
    this.#service = service;
    this.#places = places;
  }

  /** Returns a factory of channels. */
  channels(
    options: AuthenticateOptions & CredentialsOptions & {
      readonly saysHello: boolean;
      readonly heartbeatMs?: number;
      readonly identity?: unknown;
    },
  ): ChannelStarter {
    return rpcChannel(this.#service, {
      ...this.#context.options,
      places: this.#places,
      ...options,
    });
  }

  /** Opens a channel to the container at `address`. */
  async connect(
    address: string,
    showsCredentials: boolean,
    signal: AbortSignal,
  ): Promise<ConnectionChannel> {
    const { container, address: own } = this.#context;
    const channel = address === own
      ? this.#connectToSelf()
      : await this.#connectTo(address, showsCredentials, signal);
    observed.by?.owned(channel, container);
    this.totals.add(channel);
    return channel;
  }

  async #connectTo(
    address: string,
    showsCredentials: boolean,
    signal: AbortSignal,
  ): Promise<ConnectionChannel> {
    const { container, options } = this.#context;
    const makeChannel = this.channels({
      saysHello: true,
      authenticate: this.#access.authenticateAt(address),
      credentials: showsCredentials
        ? this.#access.credentialsAt(address)
        : undefined,
    });
    return await openRpcWith(
      makeChannel,
      address,
      { ...options, ...tlsFor(address, options), signal },
      container,
    );
  }

  /**
   * A container calls its own agents as others do, with arguments copied and
   * errors alike, but without its socket. In-process, it needs no heartbeat and
   * no authentication.
   */
  #connectToSelf(): ConnectionChannel {
    const { container, address } = this.#context;
    const options = resolveOptions(this.#context.options);
    const [near, far] = memoryPair(address, options.limits.frames.maxBytes);
    const inProcess = {
      heartbeatMs: Infinity,
      authenticate: undefined,
      credentials: undefined,
      identity: container,
    };
    const makeFar = this.channels({ saysHello: false, ...inProcess });
    const makeNear = this.channels({ saysHello: true, ...inProcess });
    this.#ownEnd = channelOn(makeFar, far, options);
    observed.by?.owned(this.#ownEnd, container);
    this.totals.add(this.#ownEnd);
    return channelOn(makeNear, near, options);
  }

  /** Lets calls to agents of this container finish. */
  async closeOwn(graceMs: number): Promise<void> {
    await this.#ownEnd?.close({ graceMs });
  }
}
