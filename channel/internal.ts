/**
 * The names that this layer offers to the layers above, but not to users.
 *
 * - The channel of a connection before a layer has started it, and the hooks
 *   with which the layer starts it.
 * - Timers, waits and signals, which all layers share.
 * - Guards for values that may be thenable, or throw when they are read.
 *
 * Neutral: works in browsers and in Node.
 *
 * @module
 */
export {
  type ChannelStarter,
  ConnectionChannel,
  startPlain,
} from "./_connection_channel.ts";
export { isMismatchCode, mismatchIn } from "./codecs/_mismatch.ts";
export { isIterator } from "./codecs/types/_pack.ts";
export { isThenable } from "./codecs/types/_peer_data.ts";
export { MESSAGE_KINDS } from "./_events.ts";
export type {
  Begun,
  CallOutcome,
  CallStarted,
  Ended,
  MessageDirection,
  MessageEvent,
} from "./_events.ts";
export type { Admission, ArrivalContext, ChannelHooks } from "./_hooks.ts";
export { renewCertificates } from "./options.ts";
export { checkRange } from "./limits/_check_range.ts";
export { sumOfStats, Totals } from "./tables/_totals.ts";
export { AT_ONCE } from "./tables/_send_queue.ts";
export type { CallTerms, ResultReceiver } from "./tables/_outgoing_calls.ts";
export { connectionClosed } from "./_context.ts";
export { Backoff, DEFAULT_BACKOFF } from "./timers/backoff.ts";
export type { BackoffOptions } from "./timers/backoff.ts";
export { Heap, type HeapItem } from "./timers/_heap.ts";
export { Ending } from "./timers/_shared_end.ts";
export { LATE_MS, type Timeout, Timers } from "./timers/_timers.ts";
export { abortable, pause, within } from "./timers/_waits.ts";
