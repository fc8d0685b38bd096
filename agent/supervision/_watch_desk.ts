import type { ConnectionChannel } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { call } from "../../rpc/call.ts";
import { channelOf } from "../../rpc/internal.ts";
import { expose } from "../../rpc/service/expose.ts";
import { Arrivals } from "../messages/_arrivals.ts";
import type { Supervisor } from "./_supervisor.ts";

/** The memory of a watch, in bytes. */
const WATCH_BYTES = 256;

/** An ended watch: its key, and why its agent is gone. */
export type GoneNews = readonly [key: number, reason: string];

/** The agents that one other container watches. */
interface Watcher {
  /**
   * The functions that end each watch, by the key that the other side has
   * chosen.
   */
  readonly watches: Map<number, () => void>;
  readonly news: Arrivals<GoneNews>;
  readonly budget: Budget;
  readonly tell: (news: GoneNews) => void;
}

/**
 * Reports to other containers when agents are gone. A watch is a table entry,
 * not a waiting call: one stream reports all watches of a connection.
 */
export class WatchDesk {
  readonly #supervisor: Supervisor;
  readonly #most: number;
  readonly #watchers = new Map<ConnectionChannel, Watcher>();
  readonly #closing = Promise.withResolvers<void>();

  /** `most` limits the watches of one connection. */
  constructor(supervisor: Supervisor, most: number) {
    this.#supervisor = supervisor;
    this.#most = most;
  }

  /**
   * Watches an agent. Returns the reason if the agent is gone already;
   * otherwise `null`, and `news` later reports the key.
   */
  @expose
  begin(key: number, id: string): string | null {
    const channel = channelOf(call());
    const { watches, budget, tell } = this.#watcherOf(channel);
    const isFull = watches.size >= this.#most ||
      budget.exceededBy(WATCH_BYTES) !== null;
    if (isFull) {
      throw new ServerBusyError(
        `Cannot watch the agent: ${watches.size} are watched on this connection, try again later, or raise 'maxWatches' of its container`,
      );
    }
    const found = this.#supervisor.onGone(id, (reason) => {
      this.#forget(channel, key);
      tell([key, reason]);
    });
    if (typeof found === "string") return found;
    this.end(key);
    budget.hold(WATCH_BYTES);
    watches.set(key, found);
    return null;
  }

  /** Ends a watch. Can be called repeatedly. */
  @expose
  end(key: number): void {
    this.#forget(channelOf(call()), key)?.();
  }

  #forget(channel: ConnectionChannel, key: number): (() => void) | undefined {
    const watcher = this.#watchers.get(channel);
    const end = watcher?.watches.get(key);
    if (watcher === undefined || end === undefined) return undefined;
    watcher.watches.delete(key);
    watcher.budget.release(WATCH_BYTES);
    return end;
  }

  /** Yields the news of all watches of the connection, including later ones. */
  @expose
  news(): AsyncGenerator<GoneNews, void> {
    const { signal } = call();
    return this.#watcherOf(channelOf(call())).news.all(signal);
  }

  #watcherOf(channel: ConnectionChannel): Watcher {
    const known = this.#watchers.get(channel);
    if (known !== undefined) return known;
    const news = new Arrivals<GoneNews>();
    let tell: Watcher["tell"];
    news.add((push) => {
      tell = push;
      return Promise.race([
        this.#closing.promise,
        channel.closed.then(() => {}),
      ]);
    });
    const budget = new Budget(Infinity, channel.budget);
    const made: Watcher = { watches: new Map(), news, budget, tell: tell! };
    this.#watchers.set(channel, made);
    channel.closed.then(() => this.#remove(channel, made));
    return made;
  }

  #remove(channel: ConnectionChannel, { watches, budget }: Watcher): void {
    this.#watchers.delete(channel);
    for (const end of watches.values()) end();
    budget.end();
  }

  /** Ends the streams of news, after all agents are closed. */
  close(): void {
    this.#closing.resolve();
  }
}
