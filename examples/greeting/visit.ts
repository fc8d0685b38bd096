import {
  type ConnectionOptions,
  openConnection,
} from "@denomas/denomas/channel";
import { converse } from "./converse.ts";
import { type Figures, greetCrowd } from "./crowd.ts";

/** Talks to the server at `address`, then sends a crowd of guests. */
export async function visit(
  address: string,
  options: Pick<ConnectionOptions, "codec" | "tls">,
): Promise<Figures> {
  await using channel = await openConnection(address, {
    ...options,
    timeoutMs: 10_000,
  });
  await converse(channel);
  return await greetCrowd(channel);
}
