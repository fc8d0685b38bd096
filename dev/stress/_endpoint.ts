import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { ChannelOptions } from "../../channel/options.ts";
import type { Ctx, CtxTlsOptions } from "../../testing/ctx_contract.ts";

/** An address and its options, which can be used in any process. */
export interface Endpoint {
  readonly address: string;
  readonly codec: string;
  readonly tls: CtxTlsOptions | null;
}

/** The task of a process that will be killed. */
export interface VictimTask {
  readonly endpoint: Endpoint;
  /** The number of the process's first call. */
  readonly first: number;
}

/** The task of a process that calls and will be killed. */
export interface CallerTask extends VictimTask {
  /** The seed of its random numbers. */
  readonly seed: number;
}

/** Returns an endpoint with the options of a trial. */
export function endpointAt(address: string, { options }: Ctx): Endpoint {
  const { codec, tls = null } = options;
  return { address, codec: codec.name, tls };
}

/** Returns the channel options for an endpoint, in any process. */
export function endpointOptions({ codec, tls }: Endpoint): ChannelOptions {
  return {
    codec: codec === "json" ? json() : msgpack(),
    ...(tls !== null && { tls }),
  };
}
