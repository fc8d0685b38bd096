import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { ChannelOptions } from "../../channel/options.ts";
import type { Ctx, CtxTlsOptions } from "../../testing/ctx_contract.ts";

/** An address with the options to use it in any process. */
export interface Endpoint {
  readonly address: string;
  readonly codec: string;
  readonly tls: CtxTlsOptions | null;
}

/** The task of a process that will be killed. */
export interface VictimTask {
  readonly endpoint: Endpoint;
  /** The number of its first call. */
  readonly first: number;
}

/** The task of such a process that calls. */
export interface CallerTask extends VictimTask {
  /** The seed of its random numbers. */
  readonly seed: number;
}

/** Returns an endpoint with the options of a trial. */
export function endpointAt(address: string, { options }: Ctx): Endpoint {
  const { codec, tls = null } = options;
  return { address, codec: codec.name, tls };
}

/** Returns the options of a channel for it, in whichever process. */
export function endpointOptions({ codec, tls }: Endpoint): ChannelOptions {
  return {
    codec: codec === "json" ? json() : msgpack(),
    ...(tls !== null && { tls }),
  };
}
