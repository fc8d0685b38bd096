/**
 * The internal API of this layer, for the layers above: sessions and their
 * channels, proxies, the agents' address resolver, and the shape of calls and
 * failures. No `mod.ts` exports it.
 *
 * @module
 */
export { openSession } from "./session/_open_session.ts";
export {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "./session/_session.ts";
export type { SessionOptions } from "./session/_options.ts";
export {
  asError,
  asReceived,
  fromFailure,
  isInstance,
  passOn,
  toFailureRecord,
  toPlainFailure,
} from "./_failure.ts";
export {
  type AddressResolver,
  type Caller,
  makeRemote,
  type OwnPlace,
  type Place,
  remoteNode,
} from "./references/_remote_proxy.ts";
export { richType } from "./values/_rich_type.ts";
export { holdsStream } from "./streams/_holds_stream.ts";
export { REFERENCE_PREFIX } from "./references/_references.ts";
export { isCall, isRecord } from "./references/_call_content.ts";
export { resolveMethod } from "./references/_resolve.ts";
export { channelOf, watchServed } from "./serving/_running_call.ts";
export { type CallTerms, watchMade } from "./calls/_call_terms.ts";
export { type CallEnd, StreamWatch } from "./calls/_stream_watch.ts";
export type { RpcEvent } from "./_events.ts";
