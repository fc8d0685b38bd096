import type { ConnectionChannel } from "../channel/internal.ts";
import type { IncomingRequest } from "../channel/request.ts";
import type {
  Abortable,
  AbortListeners,
} from "../channel/timers/abort_listeners.ts";
import type { Caller } from "./references/_remote_proxy.ts";
import type { Target } from "./references/_resolve.ts";
import type { RpcClient } from "./rpc_client.ts";
import type { FailedCall, StreamWindow } from "./rpc_options.ts";
import type { ResolvedSessionOptions } from "./session/_options.ts";

/**
 * The session as seen by its parts. Each part gets the whole session, and
 * accesses the other parts through it once all are created. The interface
 * declares only the members that parts use of each other, because files must
 * not import each other in cycles.
 */
export interface SessionContext {
  readonly channel: ConnectionChannel;
  /** The service that this side offers, if any. */
  readonly root: object | null;
  readonly options: ResolvedSessionOptions;
  /** The users' handle for the connection, created on demand. */
  readonly client: RpcClient;
  /** Data that methods and middleware store for the connection. */
  readonly data: Map<string, unknown>;
  /** Ends consumed streams whose calls are aborted. */
  readonly aborting: AbortListeners<Abortable>;
  /** The streams from the other side that have not ended. */
  readonly incoming: Set<{ lose(error: Error): void }>;
  readonly calls: Caller;
  readonly hello: {
    /** Whether the other side is known to have the extensions. */
    readonly hasExtensions: boolean;
    /** Whether the other side can resolve addresses of agents. */
    readonly takesAddresses: boolean;
    /** How far a new stream may run ahead of its consumer. */
    readonly window: StreamWindow;
  };
  readonly closing: {
    /** Whether the other side has begun to close the connection. */
    readonly isDraining: boolean;
    /** Aborts when this side begins to close the connection gracefully. */
    readonly signal: AbortSignal;
  };
  readonly admission: { readonly identity: unknown };
  readonly references: { resolve(path: string): Target | null };
  readonly served: {
    forget(call: object): void;
    report(call: FailedCall["call"], error: unknown): unknown;
  };
  /** Runs a function of the user and reports its error to `onError`. */
  runCallback(run: () => unknown): void;
  /** Serves a request of an admitted peer. */
  serve(request: IncomingRequest): void;
}
