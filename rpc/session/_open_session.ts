import { abortable } from "../../channel/internal.ts";
import {
  type ConnectionOptions,
  connectOnce,
  retrying,
} from "../../channel/open.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { ConnectError } from "../../transports/errors.ts";
import { isInstance } from "../_failure.ts";
import type { Session, SessionStarter } from "./_session.ts";

/**
 * Wraps an error of the user's `credentials` function, which may be temporary.
 * The error is not the `cause`, because it may not be safe to read.
 */
export class CredentialsError extends ConnectError {
  /** The value that the function has thrown. */
  readonly thrown: unknown;

  /** Wraps the value `thrown` while connecting to `address`. */
  constructor(address: string, thrown: unknown) {
    super(`Cannot connect to '${address}': there are no credentials`, {
      address,
    });
    this.thrown = thrown;
  }
}

/**
 * Connects like `openConnectionWith`, and waits until the other side has
 * accepted the credentials, if this side has any. Timers belong to `owner`.
 *
 * @throws {AuthenticationError} If the other side refuses the credentials.
 * @throws {ConnectError} If the connection is lost before the other side
 * answers, or the other side is too busy to check the credentials.
 * @throws {unknown} The error of the user's `credentials` function.
 */
export async function openSession(
  startSession: SessionStarter,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Session> {
  const connect = () => connectSession(startSession, address, options, owner);
  try {
    return await retrying(connect, options);
  } catch (error) {
    throw isInstance(error, CredentialsError) ? error.thrown : error;
  }
}

/**
 * Like {@linkcode openSession}, but makes only one attempt.
 *
 * @throws {CredentialsError} If the user's `credentials` function fails.
 */
export async function connectSession(
  startSession: SessionStarter,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Session> {
  const session = await connectOnce(startSession, address, options, owner);
  const { channel, hello } = session;
  const authenticated = hello.authenticate();
  if (authenticated === null) return session;
  try {
    await abortable(authenticated, options.signal);
    checkAlive(session, address, "the credentials were accepted");
    return session;
  } catch (error) {
    await channel.close({ graceMs: 0 });
    const isOwn = hello.hasNoCredentials;
    if (!isOwn && isInstance(error, ServerBusyError)) {
      const text = `Cannot connect to '${address}': ${error.message}`;
      throw new ConnectError(text, { address, cause: error });
    }
    if (!isOwn || options.signal?.aborted) throw error;
    throw new CredentialsError(address, error);
  }
}

/**
 * Checks that a new connection has not ended before `event`.
 *
 * @throws {ConnectError} If it has ended.
 */
export function checkAlive(
  { channel }: Session,
  address: string,
  event: string,
): void {
  const cause = channel.lossError();
  if (cause === null) return;
  throw new ConnectError(
    `Cannot connect to '${address}': the connection was lost before ${event}`,
    { address, cause },
  );
}
