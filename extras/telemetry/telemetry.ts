import type {
  CallMiddleware,
  ConnectionObserver,
  RequestMiddleware,
} from "../../rpc/middleware.ts";

/**
 * What shows connections and calls to the outside. Each part stands alone:
 * give those you want to the option `middleware`, beside middleware of yours.
 * One may be given to any number of servers, clients and containers.
 */
export interface Telemetry {
  /** Shows calls that this side makes; for `middleware.calls`. */
  readonly calls: CallMiddleware;
  /** Shows calls that this side serves; for `middleware.requests`. */
  readonly requests: RequestMiddleware;
  /** Shows connections, of either side; for `middleware.connections`. */
  readonly connections: ConnectionObserver;
}
