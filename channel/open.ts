import { ConnectError } from "../transports/errors.ts";
import { lifetime } from "../transports/lifetime.ts";
import type { Connection, Transport } from "../transports/transport.ts";
import type { Channel } from "./channel.ts";
import {
  type ChannelFactory,
  type ConnectionChannel,
  plainChannel,
} from "./_connection_channel.ts";
import { type ChannelOptions, resolveOptions } from "./options.ts";
import { transportFor } from "./_transport_for.ts";

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
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;

/**
 * Connects to a server and returns the channel.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer("local://adder", async (channel) => {
 *   for await (const request of channel) {
 *     await request.reply(Number(request.content) + 1);
 *   }
 * });
 * await using channel = await openConnection(server.address);
 * assertEquals(await channel.send(1, { timeoutMs: 1_000 }), 2);
 * ```
 *
 * @throws {ConnectError} If nobody could be reached, within `retryForMs`; one
 * attempt takes at most 10 s.
 * @throws {TypeError} If the address has no known form.
 */
export async function openConnection(
  address: string,
  options: ConnectionOptions = {},
): Promise<Channel> {
  return await openConnectionWith(plainChannel, address, options);
}

/**
 * Like {@linkcode openConnection}, with a channel of another layer's making.
 *
 * @internal
 */
export async function openConnectionWith(
  makeChannel: ChannelFactory,
  address: string,
  options: ConnectionOptions,
): Promise<ConnectionChannel> {
  const { retryForMs = 0 } = options;
  if (!(retryForMs >= 0)) {
    throw new RangeError(
      `Cannot connect: 'retryForMs' is ${retryForMs}, it must be 0 or more`,
    );
  }
  const resolved = resolveOptions(options);
  const transport = transportFor(address, options.transport);
  const connection = await connectWithin(
    retryForMs,
    () =>
      attempt(
        transport,
        address,
        resolved.limits.maxFrameBytes,
        options.signal,
      ),
    options.signal,
  );
  return makeChannel(connection, {
    ...resolved,
    shared: { unansweredBytes: 0 },
    onProtocolError: (error) =>
      resolved.onError(error, { kind: "protocol", address }),
  });
}

async function connectWithin(
  retryForMs: number,
  connect: () => Promise<Connection>,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const until = performance.now() + retryForMs;
  for (let waitMs = FIRST_WAIT_MS;; waitMs *= 2) {
    try {
      return await connect();
    } catch (error) {
      const leftMs = until - performance.now();
      if (!(error instanceof ConnectError) || leftMs <= 0) throw error;
      const longestMs = Math.min(waitMs, LONGEST_WAIT_MS);
      // Random, so that many clients of a server that was away do not all
      // come at once.
      const randomMs = longestMs * (0.5 + Math.random() / 2);
      await wait(Math.min(randomMs, leftMs), signal);
    }
  }
}

/** One attempt, ended by the signal or when it takes too long. */
async function attempt(
  transport: Transport,
  address: string,
  maxFrameBytes: number,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = startTimer(ATTEMPT_MS, () =>
    controller.abort(
      new ConnectError(
        `Cannot connect to '${address}': no answer within ${ATTEMPT_MS} ms`,
        address,
      ),
    ));
  try {
    return await transport.connect(address, {
      maxFrameBytes,
      signal: controller.signal,
    });
  } finally {
    timer.stop();
    signal?.removeEventListener("abort", onAbort);
  }
}

async function wait(
  timeMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = startTimer(timeMs, resolve);
  try {
    await promise;
  } finally {
    timer.stop();
    signal?.removeEventListener("abort", onAbort);
  }
}

function startTimer(timeMs: number, then: () => void): { stop(): void } {
  const id = setTimeout(then, timeMs);
  const timer = {
    stop: () => {
      clearTimeout(id);
      lifetime.observer?.closed(timer);
    },
  };
  lifetime.observer?.opened(timer, "timer", () => "attempt to connect");
  return timer;
}
