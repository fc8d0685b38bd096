/**
 * The names of this layer that the layers above use and users do not: sessions
 * and the channels that carry them, proxies, the agents' address resolver, and
 * the shape of calls and failures. No `mod.ts` exports them.
 *
 * @module
 */
export { openRpcWith } from "./session/_open_rpc.ts";
export { peerOf, rpcChannel } from "./session/_rpc_channel.ts";
export type { RpcOptions } from "./session/_rpc_channel.ts";
export { asError, toPlainFailure } from "./_failure.ts";
export type { AddressResolver, OwnPlace } from "./references/_addressable.ts";
export {
  type Caller,
  makeRemote,
  type Place,
  remoteNode,
} from "./references/_remote_proxy.ts";
export { REFERENCE_PREFIX } from "./references/_references.ts";
export { isCall, isRecord } from "./serving/_call_content.ts";
export { resolveMethod } from "./serving/_resolve.ts";
export { STREAM_PREFIX } from "./streams/_outgoing_streams.ts";
export type {
  CallEnded,
  CallOutcome,
  CallStarted,
  ReferenceKept,
  ReferenceReleased,
  RpcEvent,
  SessionStarted,
  StreamEnded,
  StreamOpened,
} from "./_events.ts";
