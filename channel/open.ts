import { world } from "../transports/internal.ts";
import { ConnectError } from "../transports/errors.ts";
import type { Connection, Transport } from "../transports/transport.ts";
import { Backoff } from "./timers/_backoff.ts";
import type { Channel } from "./channel.ts";
import {
  type ChannelStarter,
  ConnectionChannel,
  startPlain,
} from "./_connection_channel.ts";
import {
  type ChannelOptions,
  chooseTransport,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import { Timers } from "./timers/_timers.ts";
import { SharedCounts } from "./tables/_shared_counts.ts";

/** Options for {@linkcode openConnection}. */
export interface ConnectionOptions extends ChannelOptions {
  /**
   * For how long to try again while nobody can be reached, in milliseconds; 0
   * for one attempt, `Infinity` for ever. Between attempts it waits for a
   * random time that grows from 50 ms to 5 s.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
  /** Gives up connecting; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How long one attempt to connect may take. */
const ATTEMPT_MS = 10_000;

/**
 * Connects to a server over one of `options.transports`, and returns the
 * channel. It has no transports of its own; `deno.ts` adds them.
 *
 * @throws {ConnectError} If no server could be reached within `retryForMs`; one
 * attempt takes at most 10 s.
 * @throws {TypeError} If no transport has the scheme of `address`.
 */
export async function openConnection(
  address: string,
  options: ConnectionOptions,
): Promise<Channel> {
  return await openConnectionWith(startPlain, address, options);
}

/**
 * Like {@linkcode openConnection}, with a channel that another layer starts.
 * The timers belong to `owner`, if there is one.
 *
 * @internal
 */
export async function openConnectionWith<Started>(
  startChannel: ChannelStarter<Started>,
  address: string,
  options: ConnectionOptions,
  owner?: object,
): Promise<Started> {
  const { retryForMs = 0 } = options;
  if (!(retryForMs >= 0)) {
    throw new RangeError(
      `Cannot connect: 'retryForMs' is ${retryForMs}, it must be 0 or more`,
    );
  }
  const resolved = resolveOptions(options);
  const transport = chooseTransport(address, options);
  const connection = await connectWithin(
    retryForMs,
    () =>
      attempt(
        transport,
        address,
        resolved.limits.frames.maxBytes,
        options.signal,
        owner,
      ),
    options.signal,
  );
  return channelOn(startChannel, connection, resolved);
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
  const { remoteAddress: address } = connection;
  const channel = new ConnectionChannel(connection, {
    ...options,
    // It is for the other side to speak when it likes.
    limits: {
      ...options.limits,
      connections: { ...options.limits.connections, firstFrameMs: Infinity },
    },
    shared: new SharedCounts(),
    onProtocolError: (error) =>
      options.onError(error, { kind: "protocol", address }),
  });
  return startChannel(channel);
}

async function connectWithin(
  retryForMs: number,
  connect: () => Promise<Connection>,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const until = world.now() + retryForMs;
  const backoff = new Backoff();
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      const leftMs = until - world.now();
      if (!(error instanceof ConnectError) || leftMs <= 0) throw error;
      await backoff.wait(leftMs, signal);
    }
  }
}

/** One attempt, ended by the signal or when it takes too long. */
async function attempt(
  transport: Transport,
  address: string,
  maxFrameBytes: number,
  signal: AbortSignal | undefined,
  owner: object | undefined,
): Promise<Connection> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timeout = new Timers(owner).start(
    "attempt to connect",
    ATTEMPT_MS,
    () =>
      controller.abort(
        new ConnectError(
          `Cannot connect to '${address}': no answer within ${ATTEMPT_MS} ms`,
          { address },
        ),
      ),
    { patient: true },
  );
  try {
    return await transport.connect(address, {
      maxFrameBytes,
      signal: controller.signal,
    });
  } finally {
    timeout.stop();
    signal?.removeEventListener("abort", onAbort);
  }
}
