import {
  abortable,
  type ChannelStarter,
  type ConnectionChannel,
} from "../../channel/internal.ts";
import {
  type ConnectionOptions,
  openConnectionWith,
} from "../../channel/open.ts";
import { ConnectError } from "../../transports/errors.ts";
import { peerOf } from "./_rpc_channel.ts";

/**
 * Like `openConnectionWith`; if this side has credentials it waits until the
 * other side has taken them.
 *
 * @throws {AuthenticationError} If the other side refuses them.
 * @throws {ConnectError} If the connection is lost before it answers.
 */
export async function openRpcWith(
  makeChannel: ChannelStarter,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<ConnectionChannel> {
  const channel = await openConnectionWith(
    makeChannel,
    address,
    options,
    owner,
  );
  const introduced = peerOf(channel).authenticate();
  if (introduced === null) return channel;
  try {
    await abortable(introduced, options.signal);
    const cause = channel.lossError();
    if (cause === null) return channel;
    throw new ConnectError(
      `Cannot connect to '${address}': the connection was lost before the credentials were taken`,
      { address, cause },
    );
  } catch (error) {
    await channel.close({ graceMs: 0 });
    throw error;
  }
}
