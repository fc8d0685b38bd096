import type {
  CallMiddleware,
  ConnectObserver,
  ServeMiddleware,
} from "../../rpc/middleware.ts";

/**
 * What shows connections and calls to the outside. Each part stands alone: give
 * those you want to the options of the same names, beside middleware of yours.
 * One may be given to any number of servers, clients and containers.
 */
export interface Telemetry {
  /** Shows calls that this side makes; for the option `calling`. */
  readonly calling: CallMiddleware;
  /** Shows calls that this side serves; for the option `serving`. */
  readonly serving: ServeMiddleware;
  /** Shows connections, of either side; for the option `connecting`. */
  readonly connecting: ConnectObserver;
}
