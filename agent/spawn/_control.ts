/**
 * The protocol between a parent and its spawned child, over one connection:
 *
 * 1. The parent listens at a free port of 127.0.0.1, for this child only, and
 *    creates a random token.
 * 2. The parent starts the child and passes the address and the token to it: to
 *    a process through standard input, to a Worker as a message.
 * 3. The child connects and shows the token as its RPC credentials. The token
 *    is accepted only once.
 * 4. The parent calls `open` with the complete setup of the child's container.
 *    The child answers when its container listens, or with the error.
 * 5. The parent connects to the container, at the address that it has chosen
 *    itself. Over the connection of step 3 it makes agents, sets the clock, and
 *    closes the container.
 * 6. A Worker posts its output and its exit code to a `MessagePort` that came
 *    with the first message. A process prints to its pipes, and exits.
 * 7. When the connection of step 3 is lost, the child closes its container and
 *    ends.
 */
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { RpcConnectionOptions } from "../../rpc/client.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import type { AddressResolver } from "../../rpc/internal.ts";
import type { RpcServer, RpcServerOptions } from "../../rpc/server.ts";
import { Router } from "../../rpc/service/service.ts";
import type { ContainerOptions } from "../container_options.ts";
import type { NamedOptions, PlainOptions } from "./contract.ts";
import type { Links } from "../links/_links.ts";

/** The message that a child gets when it starts. */
export interface ControlPoint {
  /** The address at which the parent listens for the child. */
  readonly address: string;
  /** The secret that the child shows there. */
  readonly token: string;
  /** The number of serializers of the child's container. */
  readonly serializers: number;
  /** Receives the output of a Worker, and finally its exit code. */
  readonly output?: MessagePort;
}

/** A stream to which a child prints. */
export type LineSource = "stdout" | "stderr";

/** A text that a Worker has printed, or its exit code. */
export type WorkerOutput =
  | { readonly text: string; readonly from: LineSource }
  | { readonly code: number };

/** The complete setup of a child's container. It contains secrets. */
export interface SpawnSetup
  extends
    Pick<ContainerOptions, "credentials" | "publicHost" | "seed" | "tls"> {
  /** The address at which the container listens. */
  readonly listens: string;
  /** The name of the folder in which the container creates a Unix socket. */
  readonly temporaryName: string;
  /** The address of the parent's container. */
  readonly parent: string;
  /** The URLs of the modules that may be loaded, by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** The name of the codec. */
  readonly codecName: string;
  /** The exports that are serializers, in order, as `module:export`. */
  readonly serializers: readonly string[];
  /** The exports that are options of the container. */
  readonly named: NamedOptions;
  /** The options of the container that are plain data. */
  readonly plain: PlainOptions;
  /** The start of an external clock; `null` for the system's clock. */
  readonly clock:
    | { readonly utcStart: string; readonly initTime: number }
    | null;
}

/**
 * Both ends are on one machine, whose system reports the end of a connection. A
 * heartbeat would only end a child that is busy for a long time.
 */
const OPTIONS = {
  // Parent and child trust each other.
  maskErrors: false,
  onMethodError: () => {},
  codec: msgpack(),
  heartbeatMs: Infinity,
};

/** Allows agents to be passed in messages. */
interface ResolverOptions {
  readonly resolver?: AddressResolver;
}

/**
 * Listens for the child that shows `token`; no other peer is served. The parent
 * offers no service on this connection.
 */
export async function listenForChild<Child>(
  token: string,
  options: RpcServerOptions<RpcClient<Child>> & ResolverOptions,
): Promise<RpcServer<RpcClient<Child>>> {
  let isTaken = false;
  return await startServer("tcp://127.0.0.1:0", new Router(), {
    ...options,
    ...OPTIONS,
    authenticate(shown) {
      if (isTaken || !isSameSecret(shown, token)) {
        throw new AuthenticationError(
          "Cannot connect to the parent: the token is wrong or was used before",
        );
      }
      isTaken = true;
      return true;
    },
  });
}

/** Connects a child, which is the `service`, to its parent. */
export async function connectToParent(
  { address, token }: ControlPoint,
  options: RpcConnectionOptions & ResolverOptions,
): Promise<RpcClient> {
  return await openConnection(address, {
    ...options,
    ...OPTIONS,
    credentials: token,
  });
}

/**
 * Passes agents by address only, since containers use their own connections for
 * calls to agents.
 */
export function byAddress(links: () => Links): AddressResolver {
  return {
    placeOf(target) {
      const place = links().resolver.placeOf(target);
      return place && { ...place, path: null };
    },
    open: (place) => links().resolver.open(place),
    openPath: () => null,
    origin: () => null,
    targetOf: () => null,
    actFor: (_origin, step) => step(),
  };
}

/**
 * Returns whether `shown` is the secret. The comparison takes constant time, so
 * that the secret cannot be guessed character by character.
 */
export function isSameSecret(shown: unknown, secret: string): boolean {
  if (typeof shown !== "string" || shown.length !== secret.length) return false;
  let difference = 0;
  for (let i = 0; i < secret.length; i++) {
    difference |= shown.charCodeAt(i) ^ secret.charCodeAt(i);
  }
  return difference === 0;
}
