import { abortable } from "../../channel/internal.ts";
import {
  type ConnectionOptions,
  openConnectionWith,
} from "../../channel/open.ts";
import { ConnectError } from "../../transports/errors.ts";
import type { Session, SessionStarter } from "./_session.ts";

/**
 * Connects like `openConnectionWith`, and waits until the other side has
 * accepted the credentials, if this side has any. Timers belong to `owner`.
 *
 * @throws {AuthenticationError} If the other side refuses the credentials.
 * @throws {ConnectError} If the connection is lost before it answers.
 */
export async function openSession(
  startSession: SessionStarter,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Session> {
  const session = await openConnectionWith(
    startSession,
    address,
    options,
    owner,
  );
  const authenticated = session.hello.authenticate();
  if (authenticated === null) return session;
  try {
    await abortable(authenticated, options.signal);
    const cause = session.channel.lossError();
    if (cause === null) return session;
    throw new ConnectError(
      `Cannot connect to '${address}': the connection was lost before the credentials were accepted`,
      { address, cause },
    );
  } catch (error) {
    await session.channel.close({ graceMs: 0 });
    throw error;
  }
}
