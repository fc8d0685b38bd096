import { world } from "../transports/internal.ts";
import { ConnectError } from "../transports/errors.ts";
import type { Connection, Transport } from "../transports/transport.ts";
import { Backoff } from "./timers/backoff.ts";
import {
  type ChannelStarter,
  ConnectionChannel,
} from "./_connection_channel.ts";
import type { ConnectionChannelOptions } from "./_context.ts";
import { mismatchIn } from "./codecs/_mismatch.ts";
import { checkRange } from "./limits/_check_range.ts";
import {
  type ChannelOptions,
  chooseTransport,
  type ResolvedOptions,
  resolveOptions,
  USUAL_OPTIONS,
} from "./options.ts";
import { Ending } from "./timers/_shared_end.ts";
import { Timers } from "./timers/_timers.ts";
import { UNBOUNDED } from "./limits/_token_bucket.ts";

/** Options for `openConnection`. */
export interface ConnectionOptions extends ChannelOptions {
  /**
   * The time for repeating failed attempts, in milliseconds: 0 makes one
   * attempt, `Infinity` repeats forever. The waits between attempts are random,
   * and grow from 50 ms to 5 s. Errors that may be temporary are repeated, such
   * as a certificate whose file is being replaced. A server with another
   * protocol ends the attempts.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
  /** Aborts the attempt, which rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Shared, so that an idle connection takes little memory. */
const USUAL = withoutServer(USUAL_OPTIONS);

/** The longest time for one attempt to connect. */
const ATTEMPT_MS = 10_000;

/**
 * Connects to a server over one of `options.transports`, and starts a channel
 * on the connection. The timers belong to `owner`, if there is one.
 *
 * @throws {ConnectError} If no server could be reached within `retryForMs`. One
 * attempt takes at most 10 s.
 * @throws {TypeError} If no transport has the scheme of `address`.
 */
export async function openConnectionWith<Started>(
  startChannel: ChannelStarter<Started>,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Started> {
  const connect = () => connectOnce(startChannel, address, options, owner);
  return await retrying(connect, options);
}

/**
 * Like {@linkcode openConnectionWith}, but makes only one attempt.
 *
 * @internal
 */
export async function connectOnce<Started>(
  startChannel: ChannelStarter<Started>,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Started> {
  const resolved = resolveOptions(options);
  const transport = chooseTransport(address, options);
  return await attempt(
    transport,
    address,
    options.signal,
    owner,
    (it) => channelOn(startChannel, it, resolved),
  );
}

/**
 * Repeats `connect` for `retryForMs` while it fails with a `ConnectError` that
 * may be temporary. Calls `onFailure` for each failure that is followed by
 * another attempt.
 *
 * @internal
 */
export async function retrying<T>(
  connect: () => Promise<T>,
  { retryForMs = 0, signal }: Pick<ConnectionOptions, "retryForMs" | "signal">,
  onFailure: (error: ConnectError) => void = () => {},
): Promise<T> {
  checkRange("retryForMs", retryForMs, 0);
  const until = world.now() + retryForMs;
  const backoff = new Backoff();
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      const leftMs = until - world.now();
      const mayPass = error instanceof ConnectError &&
        mismatchIn(error) === null;
      if (!mayPass || leftMs <= 0) throw error;
      onFailure(error);
      await backoff.wait(leftMs, signal);
    }
  }
}

/**
 * Starts a channel on a connection that no server has accepted.
 *
 * @internal
 */
export function channelOn<Started>(
  startChannel: ChannelStarter<Started>,
  connection: Connection,
  options: ResolvedOptions,
): Started {
  const complete = options === USUAL_OPTIONS ? USUAL : withoutServer(options);
  return startChannel(new ConnectionChannel(connection, complete));
}

function withoutServer(options: ResolvedOptions): ConnectionChannelOptions {
  return {
    ...options,
    serverCounts: { cutConnections: 0, refusedPeers: 0 },
    requestRate: UNBOUNDED,
    onProtocolError: (error, address) =>
      options.onError(error, { kind: "protocol", address }),
  };
}

/**
 * Makes one attempt, until the signal aborts or the time is over. Returns the
 * result of `use` for the connection.
 */
async function attempt<T>(
  transport: Transport,
  address: string,
  signal: AbortSignal | undefined,
  owner: object | undefined,
  use: (connection: Connection) => T,
): Promise<T> {
  const text =
    `Cannot connect to '${address}': no answer within ${ATTEMPT_MS} ms`;
  const time = new Ending(() => new ConnectError(text, { address }));
  const timeout = new Timers(owner).start(
    "attempt to connect",
    ATTEMPT_MS,
    () => time.end(),
    { patient: true },
  );
  try {
    const connection = await time.before(
      signal,
      (signal) => transport.connect(address, { signal }),
    );
    return use(connection);
  } finally {
    // Stopped last, so that the timeouts of the connection need no new timer.
    timeout.stop();
  }
}
