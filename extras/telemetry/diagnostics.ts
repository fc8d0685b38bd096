import { channel } from "node:diagnostics_channel";
import type { Channel, ChannelStats } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { type CallEnd, followMade, followServed } from "./_follow.ts";
import type { Telemetry } from "./telemetry.ts";
import { world } from "../../transports/internal.ts";

/** A message of `denomas:connection:open`. */
export interface ConnectionMessage {
  /**
   * Identifies the connection: the same in all of its messages, and in no
   * others.
   */
  readonly id: number;
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
}

/** A message of `denomas:connection:close`. */
export interface ConnectionCloseMessage extends ConnectionMessage {
  /** Why the connection ended. */
  readonly reason: CloseReason;
  /** How long the connection lasted, in milliseconds. */
  readonly durationMs: number;
  /** The traffic of the connection. */
  readonly stats: ChannelStats;
}

/** A message of `denomas:call:start`. */
export interface CallMessage {
  /** Identifies the call: the same in all of its messages, and in no others. */
  readonly id: number;
  /** Whether this side makes the call or serves it. */
  readonly side: "client" | "server";
  /** The path of the method. */
  readonly path: string;
  /** The address of the other side. */
  readonly remoteAddress: string;
}

/**
 * A message of `denomas:call:end`: the call was answered, and the streams in
 * its result have ended.
 */
export interface CallEndMessage extends CallMessage {
  /** How long the call took, in milliseconds. */
  readonly durationMs: number;
  /** The number of items in the streams of its result, if it had any. */
  readonly items?: number;
}

/**
 * A message of `denomas:call:error`: the call, or a stream in its result,
 * failed for any reason.
 */
export interface CallErrorMessage extends CallEndMessage {
  /** The value that the call or stream rejected with. */
  readonly error: unknown;
}

const opened = channel("denomas:connection:open");
const closed = channel("denomas:connection:close");
const started = channel("denomas:call:start");
const ended = channel("denomas:call:end");
const failed = channel("denomas:call:error");

let ids = 0;

/**
 * Publishes connections and calls on channels of `node:diagnostics_channel`:
 * `denomas:connection:open` and `close`, `denomas:call:start`, and then either
 * `end` or `error`. Messages contain no arguments and no results. Without
 * subscribers, no messages are created. An error that a subscriber throws does
 * not reach the call: as always with these channels, it is an uncaught
 * exception of the program.
 *
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { type CallEndMessage, diagnostics } from "@denomas/denomas/telemetry";
 * import { assertEquals } from "@std/assert";
 *
 * const paths: string[] = [];
 * subscribe("denomas:call:end", (message) => {
 *   paths.push((message as CallEndMessage).path);
 * });
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("local://published", adder, {
 *   middleware: { requests: [diagnostics().requests] },
 * });
 * await using client = await openConnection<typeof adder>(server.address);
 * await client.remote.add(1, 2);
 * assertEquals(paths, ["add"]);
 * ```
 */
export function diagnostics(): Telemetry {
  return {
    calls: (call, next) =>
      isHeard()
        ? followMade(call.options, next, publishCall("client", call))
        : next(),
    requests: (call, next) =>
      isHeard()
        ? followServed(call, next, publishCall("server", call))
        : next(),
    connections: publishConnection,
  };
}

function isHeard(): boolean {
  return started.hasSubscribers || ended.hasSubscribers ||
    failed.hasSubscribers;
}

/** Publishes the start of a call. Returns a function that publishes its end. */
function publishCall(
  side: CallMessage["side"],
  { path, remoteAddress }: { path: string; remoteAddress: string },
): (end: CallEnd) => void {
  const message: CallMessage = { id: ids++, side, path, remoteAddress };
  const startedAt = world.now();
  started.publish(message);
  return ({ items, failure }) => {
    const end: CallEndMessage = {
      ...message,
      durationMs: world.now() - startedAt,
      ...items !== null && { items },
    };
    if (failure === null) return ended.publish(end);
    const { error } = failure;
    failed.publish({ ...end, error } satisfies CallErrorMessage);
  };
}

function publishConnection(connection: Channel): void {
  const { localAddress, remoteAddress } = connection;
  const message: ConnectionMessage = { id: ids++, localAddress, remoteAddress };
  const openedAt = world.now();
  opened.publish(message);
  connection.closed.then((reason) => {
    const durationMs = world.now() - openedAt;
    const stats = connection.stats();
    closed.publish(
      {
        ...message,
        reason,
        durationMs,
        stats,
      } satisfies ConnectionCloseMessage,
    );
  });
}
