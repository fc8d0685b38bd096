import type {
  CallMiddleware,
  ConnectionObserver,
  RequestMiddleware,
} from "../../rpc/middleware.ts";

/**
 * Middleware that reports connections and calls. Each part works without the
 * others: pass those you want in the option `middleware`, together with your
 * own. The same object can be passed to any number of servers, clients and
 * containers.
 */
export interface Telemetry {
  /** Reports calls that this side makes; for `middleware.calls`. */
  readonly calls: CallMiddleware;
  /** Reports calls that this side serves; for `middleware.requests`. */
  readonly requests: RequestMiddleware;
  /**
   * Reports connections of clients and servers; for `middleware.connections`.
   */
  readonly connections: ConnectionObserver;
}
