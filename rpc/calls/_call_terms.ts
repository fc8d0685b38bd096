import type { StreamWatch } from "./_stream_watch.ts";
import type { CallOptions } from "../call.ts";

/** The options of a call, with those that only this layer sets. */
export interface CallTerms extends CallOptions {
  /** The key under which the other side keeps the result. */
  readonly as?: number;
  /** Whether the result may be used in further calls without being read. */
  readonly isPiped?: boolean;
  /** Watches that are notified when the call and its streams have ended. */
  readonly watches?: readonly StreamWatch[];
  /** Whether the caller wants no reply. */
  readonly isOneWay?: boolean;
}

/** Returns the options of a call with `watch` added to its watches. */
export function watchMade(options: CallTerms, watch: StreamWatch): CallTerms {
  const { watches = [] } = options;
  return { ...options, watches: [...watches, watch] };
}
