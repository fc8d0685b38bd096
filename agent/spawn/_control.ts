/**
 * How a parent and its spawned child begin, over one connection between them:
 *
 * 1. The parent listens at a free port of 127.0.0.1, for this child alone, and
 *    makes a random token.
 * 2. It starts the child and passes it the address and the token: a process
 *    reads them from standard input, a Worker gets them as a message.
 * 3. The child connects and shows the token as its RPC credentials. The token is
 *    accepted once.
 * 4. The parent calls `open` with all that the child's container is made of. The
 *    child answers when its container listens, or with the error.
 * 5. The parent connects to the container, at the address that it has chosen
 *    itself. By the connection of step 3 it makes agents, sets the clock, and
 *    asks for the end.
 * 6. A Worker posts what it prints, and its exit code, to a `MessagePort` that
 *    came with the first message. A process prints to its pipes, and exits.
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

/** What a child is passed when it starts. */
export interface ControlPoint {
  /** The address at which its parent listens for it. */
  readonly address: string;
  /** The secret that it shows there. */
  readonly token: string;
  /** The number of serializers of its container. */
  readonly serializers: number;
  /** Takes what a Worker prints, and at last its exit code. */
  readonly output?: MessagePort;
}

/** A stream to which a child prints. */
export type LineSource = "stdout" | "stderr";

/** A text that a Worker has printed, or its exit code. */
export type WorkerOutput =
  | { readonly text: string; readonly from: LineSource }
  | { readonly code: number };

/** All that the container of a child is made of. It holds secrets. */
export interface SpawnSetup
  extends
    Pick<ContainerOptions, "credentials" | "publicHost" | "seed" | "tls"> {
  /** The address at which it listens. */
  readonly listens: string;
  /** The name of the folder in which it makes a Unix socket. */
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
 * Both ends live on one machine, whose system reports the end of a connection:
 * a heartbeat would only end a child that is busy for long.
 */
const OPTIONS = {
  // Parent and child belong together.
  maskErrors: false,
  onMethodError: () => {},
  codec: msgpack(),
  heartbeatMs: Infinity,
};

/** Lets the agents in a message be passed. */
interface ResolverOptions {
  readonly resolver?: AddressResolver;
}

/**
 * Listens for the child that shows `token`; no other is served. The parent
 * serves nothing on this connection.
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
    },
  });
}

/** Connects a child, the `service`, to its parent. */
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
 * Passes agents by their addresses alone, since containers have connections of
 * their own for calls to agents.
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
