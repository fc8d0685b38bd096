import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { ChannelOptions } from "../../channel/options.ts";
import type { Ctx, CtxTlsOptions } from "../../testing/ctx_contract.ts";

/** Where, and how, processes are to talk. */
export interface Meeting {
  readonly address: string;
  readonly codec: string;
  readonly tls: CtxTlsOptions | null;
}

/** What a process that is to be killed has to do. */
export interface VictimTask {
  readonly meeting: Meeting;
  /** The first number of its calls. */
  readonly first: number;
}

/** The same for one that calls. */
export interface CallerTask extends VictimTask {
  /** What its chances are drawn from. */
  readonly seed: number;
}

/** A meeting as a trial's step is to have it. */
export function meetingAt(address: string, { options }: Ctx): Meeting {
  const { codec, tls = null } = options;
  return { address, codec: codec.name, tls };
}

/** The options of a channel for it, in whichever process. */
export function meetingOptions({ codec, tls }: Meeting): ChannelOptions {
  return {
    codec: codec === "json" ? json() : msgpack(),
    ...(tls !== null && { tls }),
  };
}
