import type { ConnectionChannel } from "../channel/internal.ts";
import type { IncomingRequest } from "../channel/request.ts";
import type {
  Abortable,
  AbortListeners,
} from "../channel/timers/abort_listeners.ts";
import type { ServedCall } from "./middleware.ts";
import type { Caller } from "./references/_remote_proxy.ts";
import type { Target } from "./references/_resolve.ts";
import type { RpcClient } from "./rpc_client.ts";
import type { StreamWindow } from "./rpc_options.ts";
import type { ResolvedSessionOptions } from "./session/_options.ts";

/**
 * A session, as its parts see it: each gets the whole, and finds the others in it
 * once all are made. Parts name what they use of each other, because no two
 * files may import each other.
 */
export interface SessionContext {
  readonly channel: ConnectionChannel;
  /** The service that this side offers, if any. */
  readonly root: object | null;
  readonly options: ResolvedSessionOptions;
  /** The handle of the connection for users, made when it is asked for. */
  readonly client: RpcClient;
  /** Data that methods and middleware store for the connection. */
  readonly data: Map<string, unknown>;
  /** Ends consumed streams whose calls are aborted. */
  readonly aborting: AbortListeners<Abortable>;
  /** The streams of the other side that have not ended. */
  readonly incoming: Set<{ lose(error: Error): void }>;
  readonly calls: Caller;
  readonly hello: {
    /** Whether the other side is known to have the extensions. */
    readonly hasExtensions: boolean;
    /** Whether it can resolve addresses of agents. */
    readonly takesAddresses: boolean;
    /** How far a stream may run ahead of its consumer at first. */
    readonly window: StreamWindow;
  };
  readonly closing: {
    /** Whether the other side has begun to close the connection. */
    readonly isDraining: boolean;
    /** Aborts when this side begins to close the connection with some grace. */
    readonly signal: AbortSignal;
  };
  readonly admission: { readonly identity: unknown };
  readonly references: { resolve(path: string): Target | null };
  readonly served: {
    forget(call: object): void;
    report(call: ServedCall, error: unknown): unknown;
  };
  /** Runs a function of the user; its error goes to `onError`. */
  runCallback(run: () => unknown): void;
  /** Serves a request of an admitted peer. */
  serve(request: IncomingRequest): void;
}
