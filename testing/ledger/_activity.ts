import type { MessageEvent } from "../../channel/internal.ts";
import { REFERENCE_PREFIX, type RpcEvent } from "../../rpc/internal.ts";
import type { ObservedEvent } from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { shorten } from "./_sequence_chart.ts";
import { stackAbove } from "./_stack.ts";

/** Something under way on a channel, in words. */
export interface Activity {
  readonly channel: object;
  readonly what: string;
  /** Where it was begun, if that is traced. */
  readonly stack: string | null;
}

/** An activity of RPC. */
interface RpcActivity extends Activity {
  /**
   * Whether this side has to end it, as a call, a stream or a reference of its
   * own; the others are counted, and end with the connection.
   */
  readonly isOwn: boolean;
  /** The method of a call, and the number of its request. */
  readonly path?: string;
  readonly id?: number;
}

type Begun = Omit<RpcActivity, "stack"> & Partial<Pick<RpcActivity, "stack">>;

/** What is under way on the channels of one step, as their events say. */
export class ActivityLog {
  readonly #isTraced: boolean;
  /** Calls, streams and references, by the objects that identify them. */
  readonly #rpc = new Map<object, RpcActivity>();
  readonly #rpcChannels = new WeakSet<object>();
  /** Requests of each channel without RPC that are not answered. */
  readonly #requests = new WeakMap<object, Map<number, Activity>>();
  /** The request that the latest message on each channel answers. */
  readonly #answered = new WeakMap<object, number>();

  /** Creates an empty log; `trace` keeps the stack of every activity. */
  constructor({ trace }: { readonly trace: boolean }) {
    this.#isTraced = trace;
  }

  /** Notes an event. */
  event(event: ObservedEvent): void {
    const it = event as RpcEvent | MessageEvent;
    switch (it.type) {
      case "message":
        return this.#message(it);
      case "session-started":
        return void this.#rpcChannels.add(it.channel);
      case "call-started": {
        const { channel, path, id } = it;
        const isOwn = it.side === "made";
        const what = isOwn
          ? `pending call ${id} of ${methodName(path)} ${shorten(it.args)}`
          : "running methods";
        return this.#begin(it.call, { channel, path, id, isOwn, what });
      }
      case "stream-opened": {
        const isOwn = it.side === "consumed";
        const call = isOwn ? this.#answeredCall(it.channel) : undefined;
        const what = isOwn
          ? `open stream from ${
            methodName(call?.path)
          } (read it to its end, leave its loop or declare it with 'await using')`
          : "streams produced for the other side";
        // The stream itself opens in the turn in which the result arrives.
        const stack = call?.stack ?? null;
        const { channel } = it;
        return this.#begin(it.stream, { channel, isOwn, what, stack });
      }
      case "reference-kept": {
        const isOwn = it.holder === "local";
        const { path } = this.#rpc.get(it.call ?? {}) ?? {};
        const origin = path === undefined ? "from" : "passed to";
        const what = isOwn
          ? `kept reference ${origin} ${
            methodName(path)
          } (declare what 'keep' returns with 'using', or dispose of it)`
          : "references given to the other side";
        return this.#begin(it.reference, { channel: it.channel, isOwn, what });
      }
      case "call-ended":
        return void this.#rpc.delete(it.call);
      case "stream-ended":
        return void this.#rpc.delete(it.stream);
      case "reference-released":
        return void this.#rpc.delete(it.reference);
    }
  }

  /**
   * Returns what the user of `channel` has begun and not ended. A channel
   * without RPC has `pendingCalls`.
   */
  ownOf(channel: object, pendingCalls: number): Activity[] {
    if (this.#rpcChannels.has(channel)) {
      return this.#rpcOf(channel).filter(({ isOwn }) => isOwn);
    }
    const requests = [...this.#requests.get(channel)?.values() ?? []];
    if (requests.length === pendingCalls) return requests;
    // No event tells calls that were given up from those that are pending.
    const what = `pending calls (${pendingCalls})`;
    return pendingCalls === 0 ? [] : [{ channel, what, stack: null }];
  }

  /** Returns the channels on which RPC has something under way. */
  channels(): object[] {
    const activities = [...this.#rpc.values()];
    return [...new Set(activities.map(({ channel }) => channel))];
  }

  /** Counts what RPC does on `channel` for the other side. */
  servedOn(channel: object): string[] {
    const counts = new Map<string, number>();
    for (const { isOwn, what } of this.#rpcOf(channel)) {
      if (!isOwn) counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return [...counts].map(([what, count]) => `${what} (${count})`);
  }

  #message({ channel, direction, kind, id, content }: MessageEvent): void {
    if (direction === "in") {
      if (kind === "request") return;
      this.#answered.set(channel, id);
      this.#requests.get(channel)?.delete(id);
    } else if (kind === "request" && !this.#rpcChannels.has(channel)) {
      const requests = this.#requests.get(channel) ?? new Map();
      this.#requests.set(channel, requests);
      const what = `pending call ${id} ${shorten(content)}`;
      requests.set(id, { channel, what, stack: this.#stack() });
    }
  }

  #begin(subject: object, activity: Begun): void {
    this.#rpc.set(subject, { stack: this.#stack(), ...activity });
  }

  #stack(): string | null {
    return this.#isTraced ? stackAbove(this.event) : null;
  }

  #rpcOf(channel: object): RpcActivity[] {
    return [...this.#rpc.values()].filter((it) => it.channel === channel);
  }

  /** Returns the call whose result is being read. */
  #answeredCall(channel: object): RpcActivity | undefined {
    const id = this.#answered.get(channel);
    return this.#rpcOf(channel)
      .find((it) => it.isOwn && it.path !== undefined && it.id === id);
  }
}

/**
 * Names a method; one of a reference without the reference's number. The path
 * may be the other side's choice.
 */
function methodName(path: string | undefined): string {
  if (path === undefined) return "the other side";
  if (!path.startsWith(REFERENCE_PREFIX)) return `'${printable(path)}'`;
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  return slash === -1 ? "a function" : `'${printable(path.slice(slash + 1))}'`;
}
