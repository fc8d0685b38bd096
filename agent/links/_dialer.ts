import { type ConnectionChannel, Totals } from "../../channel/internal.ts";
import { channelOn } from "../../channel/open.ts";
import { resolveOptions } from "../../channel/options.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../../rpc/authenticate.ts";
import {
  type AddressResolver,
  openSession,
  type Session,
  type SessionStarter,
  sessionStarter,
} from "../../rpc/internal.ts";
import { observed } from "../../transports/internal.ts";
import { memoryPair } from "../../transports/memory.ts";
import type { ContainerContext } from "../_container_context.ts";
import type { ContainerService } from "../supervision/_container_service.ts";

/** Makes the sessions of a container, to others and to itself. */
export class Dialer {
  /** The counts of the channels made here, including those that have ended. */
  readonly totals: Totals = new Totals();
  readonly #context: ContainerContext;
  readonly #service: ContainerService;
  readonly #places: AddressResolver;
  /** The far end of the connection to the container itself. */
  #ownEnd: ConnectionChannel | null = null;

  /** `service` and `places` are offered to the other side. */
  constructor(
    context: ContainerContext,
    service: ContainerService,
    places: AddressResolver,
  ) {
    this.#context = context;
    this.#service = service;
    this.#places = places;
  }

  /** Returns what starts sessions. */
  sessions(
    options: AuthenticateOptions & CredentialsOptions & {
      readonly isInitiator: boolean;
      readonly heartbeatMs?: number;
      readonly identity?: unknown;
    },
  ): SessionStarter {
    return sessionStarter(this.#service, {
      ...this.#context.options,
      resolver: this.#places,
      ...options,
    });
  }

  /** Opens a session with the container at `address`. */
  async connect(
    address: string,
    showsCredentials: boolean,
    signal: AbortSignal,
  ): Promise<Session> {
    const { container, address: own } = this.#context;
    const session = address === own
      ? this.#connectToSelf()
      : await this.#connectTo(address, showsCredentials, signal);
    observed.by?.owned(session.channel, container);
    this.totals.add(session.channel);
    return session;
  }

  async #connectTo(
    address: string,
    showsCredentials: boolean,
    signal: AbortSignal,
  ): Promise<Session> {
    const { access, container, options } = this.#context;
    const startSession = this.sessions({
      isInitiator: true,
      authenticate: access.authenticateAt(address),
      credentials: showsCredentials ? access.credentialsAt(address) : undefined,
    });
    return await openSession(
      startSession,
      address,
      { ...options, tls: undefined, signal },
      container,
    );
  }

  /**
   * A container calls its own agents as others do, with arguments copied and
   * errors alike, but without its socket. In-process, it needs no heartbeat and
   * no authentication.
   */
  #connectToSelf(): Session {
    const { container, address } = this.#context;
    const options = resolveOptions(this.#context.options);
    const [near, far] = memoryPair(address);
    const inProcess = {
      heartbeatMs: Infinity,
      authenticate: undefined,
      credentials: undefined,
      identity: container,
    };
    const makeFar = this.sessions({ isInitiator: false, ...inProcess });
    const makeNear = this.sessions({ isInitiator: true, ...inProcess });
    this.#ownEnd = channelOn(makeFar, far, options).channel;
    observed.by?.owned(this.#ownEnd, container);
    this.totals.add(this.#ownEnd);
    return channelOn(makeNear, near, options);
  }

  /** Lets calls to agents of this container finish. */
  async closeOwn(graceMs: number): Promise<void> {
    await this.#ownEnd?.close({ graceMs });
  }
}
