/**
 * How a parent and its spawned child begin:
 *
 * 1. The parent listens at a free port of 127.0.0.1, for this child alone, and
 *    makes a random token.
 * 2. It starts the child and passes it the address and the token: a process
 *    reads them from standard input, a Worker gets them as a message.
 * 3. The child connects and shows the token as its RPC credentials. The token is
 *    accepted once.
 * 4. The child calls `setup`, which returns all that its container is made of,
 *    and `untilClosing`, which is answered when the parent wants the end.
 * 5. When its container listens it calls `started`; if it cannot, `failed`.
 * 6. The parent connects to the container, at the address that it has chosen
 *    itself, and shows the token to the manager by `admit`.
 * 7. A Worker posts what it prints, and its exit code, to a `MessagePort` that
 *    came with the first message. A process prints to its pipes, and exits.
 * 8. When this connection is lost the child closes its container and ends.
 */
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { OnError } from "../../channel/report.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import type { RpcClient } from "../../rpc/client.ts";
import type { RpcServer } from "../../rpc/server.ts";
import { service } from "../../rpc/service.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { isSameSecret } from "./_same_secret.ts";

/** What a child is passed when it starts. */
export interface ControlPoint {
  /** The address at which its parent listens for it. */
  readonly address: string;
  /** The secret that it shows there, and its parent shows to its manager. */
  readonly token: string;
  /** Takes what a Worker prints, and at last its exit code. */
  readonly output?: MessagePort;
}

/** A stream to which a child prints. */
export type LineSource = "stdout" | "stderr";

/** A text that a Worker has printed, or its exit code. */
export type WorkerOutput =
  | { readonly text: string; readonly from: LineSource }
  | { readonly code: number };

/** The calls of a child to its parent. */
export interface Control {
  setup(): SpawnSetup;
  /** Resolves to the time for closing, in milliseconds. */
  untilClosing(): Promise<number>;
  started(): void;
  /** Reports the class name and message of an error, which are not trusted. */
  failed(name: unknown, message: unknown): void;
}

/** All that the container of a child is made of. It holds secrets. */
export interface SpawnSetup {
  /** The address at which it listens. */
  readonly listens: string;
  /** The host in its address, where that is not the one it listens at. */
  readonly publicHost: string | null;
  /** The address of the parent's container. */
  readonly parent: string;
  /** The URLs of the modules that may be loaded, by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** The name of the codec: "json" or "msgpack". */
  readonly codecName: string;
  /** The exports that are serializers, in order, as `module:export`. */
  readonly serializers: readonly string[];
  /** The start of an external clock; `null` for the system's clock. */
  readonly clock:
    | { readonly utcStart: string; readonly initTime: number }
    | null;
  /** TLS options with PEM text in place of files. */
  readonly tls: TlsOptions | null;
  /** The credentials that it shows to others; `null` for none. */
  readonly credentials: unknown;
  /** The options of the container that are exports. */
  readonly functions: readonly (readonly [option: string, name: string])[];
}

/**
 * Both ends live on one machine, whose system reports the end of a connection:
 * a heartbeat would only end a child that is busy for long.
 */
const OPTIONS = { codec: msgpack(), heartbeatMs: Infinity };

/** Listens for the child that shows `token`; no other is served. */
export async function listenForChild(
  control: Control,
  token: string,
  onError: OnError,
): Promise<RpcServer> {
  let isTaken = false;
  return await startServer("tcp://127.0.0.1:0", service({ ...control }), {
    ...OPTIONS,
    onError,
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

/** Connects a child to its parent. */
export async function connectToParent(
  { address, token }: ControlPoint,
): Promise<RpcClient<Control>> {
  return await openConnection(address, { ...OPTIONS, credentials: token });
}
