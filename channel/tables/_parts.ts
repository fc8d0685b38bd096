import type { CutCode, Lifecycle } from "../_lifecycle.ts";
import type { MessageCodec } from "../_message_codec.ts";
import type { Arrivals } from "../limits/_arrivals.ts";
import type { Rates } from "../limits/_rates.ts";
import type { Budget } from "../limits/budget.ts";
import type { Limits } from "../limits/limits.ts";
import type { SendQueue } from "./_send_queue.ts";
import type { Timers } from "../timers/_timers.ts";

/** What the calls and the requests of a channel work with. */
export interface ChannelParts {
  readonly lifecycle: Lifecycle;
  readonly codec: MessageCodec;
  readonly queue: SendQueue;
  readonly arrivals: Arrivals;
  readonly rates: Rates;
  /** The budget of the connection. */
  readonly budget: Budget;
  readonly timers: Timers;
  readonly limits: Limits;
  /** The default time for a call. */
  readonly timeoutMs: number;
  /** Cuts off a peer that broke a limit. */
  readonly cut: (code: CutCode) => void;
}
