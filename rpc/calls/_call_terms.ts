import type { StreamWatch } from "./_stream_watch.ts";
import type { CallOptions } from "../call.ts";

/** The options of a call, with what only this layer sets. */
export interface CallTerms extends CallOptions {
  /** The key under which the other side keeps the result. */
  readonly as?: number;
  /** Whether the caller may use the result without ever seeing it. */
  readonly isPiped?: boolean;
  /** What follows the call to its end. */
  readonly watches?: readonly StreamWatch[];
  /** Whether nobody wants its reply. */
  readonly isOneWay?: boolean;
}

/** Returns the options of a call, which `watch` shall follow, too. */
export function watchMade(options: CallTerms, watch: StreamWatch): CallTerms {
  const { watches = [] } = options;
  return { ...options, watches: [...watches, watch] };
}
