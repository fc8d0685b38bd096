import type { ConnectionChannel } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { call } from "../../rpc/call.ts";
import { channelOf } from "../../rpc/internal.ts";
import { keep, notify } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { world } from "../../transports/internal.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions } from "../agent_options.ts";
import type { Container } from "../container.ts";
import { checkKey, checkLease, checkPrefix, checkValue } from "./_checks.ts";
import { EntryTable } from "./_entry_table.ts";
import { type ToldChange, watchStream } from "./_watch_stream.ts";

/** What a subscription of one container takes, in bytes. */
const SUBSCRIPTION_BYTES = 1_024;

/** The most memory that all entries may take, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Takes messages for the subscribers of one engine. */
export interface MessageReceiver {
  /** Takes a message, in base64. */
  message(topic: string, message: string): void | Promise<void>;
}

/** The subscriptions of one connection. */
interface Party {
  readonly receiver: Remote<MessageReceiver> & Disposable;
  readonly topics: Set<string>;
  readonly budget: Budget;
}

/**
 * Holds what the nodes of a cluster share, for all processes that can reach its
 * container: they use it by `containerEngine`, with the address of this agent.
 * Entries are there as long as it is. If it is made anew, revisions go on from the
 * time of the wall clock.
 *
 * ```ts
 * import { Container } from "@denomas/denomas/agent";
 * import { containerEngine, EngineAgent } from "@denomas/denomas/cluster";
 * import { assertEquals } from "@std/assert";
 *
 * await using container = await Container.create("local://market");
 * const { address } = await container.spawn(EngineAgent);
 * assertEquals(address, "local://market/engine");
 *
 * await using engine = await containerEngine(address);
 * const revision = await engine.put("prices.tulips", new Uint8Array([8]));
 * assertEquals((await engine.get("prices.tulips"))?.revision, revision);
 * ```
 */
export class EngineAgent extends Agent {
  readonly #table: EntryTable;
  readonly #parties = new Map<ConnectionChannel, Party>();

  /** Creates the agent in `container`, with the id `engine` unless given. */
  constructor(container: Container, options: AgentOptions = {}) {
    super(container, { ...options, id: options.id ?? "engine" });
    // In microseconds, so that no earlier life has given such a revision.
    this.#table = new EntryTable(this, Math.floor(world.wallNow() * 1_000));
    const end = () => this.#table.close();
    this.signal.addEventListener("abort", end, { once: true });
  }

  /** Returns value and revision of an entry; `null` if there is none. */
  @expose({ idempotent: true })
  get(key: string): [value: string, revision: number] | null {
    const entry = this.#table.get(key);
    return entry && [entry.value.toBase64(), entry.revision];
  }

  /**
   * Writes an entry and returns its revision; `null` if its revision is not
   * `expected`, which is -1 for any.
   *
   * @throws {ServerBusyError} If the entries take too much memory.
   */
  @expose
  put(
    key: string,
    value: string,
    expected: number,
    leaseMs: number | null,
  ): number | null {
    checkKey(key, "key");
    const bytes = Uint8Array.fromBase64(value);
    checkValue(bytes, "value");
    if (leaseMs !== null) checkLease(leaseMs);
    if (expected !== -1 && !this.#table.has(key, expected)) return null;
    if (this.#table.bytes + bytes.length > MAX_BYTES) {
      throw new ServerBusyError(
        `Cannot write '${key}': the entries take ${this.#table.bytes} bytes, remove some`,
      );
    }
    return this.#table.put(key, bytes, leaseMs ?? Infinity).revision;
  }

  /** Removes an entry. Returns `false` if its revision is not `expected`. */
  @expose
  remove(key: string, expected: number): boolean {
    if (expected !== -1 && !this.#table.has(key, expected)) return false;
    this.#table.remove(key);
    return true;
  }

  /** Tells the entries whose keys begin with `prefix`, and their changes. */
  @expose
  watch(prefix: string): AsyncGenerator<ToldChange, void> {
    checkPrefix(prefix);
    const { signal } = call();
    const { budget } = channelOf(call());
    const ending = AbortSignal.any([signal, this.signal]);
    return watchStream(this.#table, prefix, budget, ending);
  }

  /** Sends a message to those who subscribe to `topic`. */
  @expose
  publish(topic: string, message: string): void {
    for (const { receiver, topics } of this.#parties.values()) {
      if (topics.has(topic)) notify(receiver).message(topic, message);
    }
  }

  /** Sends the messages of `topic` to `receiver`, as long as its connection. */
  @expose
  subscribe(
    topic: string,
    receiver: MessageReceiver | Remote<MessageReceiver>,
  ): void {
    checkKey(topic, "topic");
    const channel = channelOf(call());
    const party = this.#parties.get(channel) ?? this.#admit(channel, receiver);
    if (party.topics.has(topic)) return;
    if (party.budget.exceededBy(SUBSCRIPTION_BYTES) !== null) {
      throw new ServerBusyError(
        `Cannot subscribe to '${topic}': there are too many subscriptions, end some of them`,
      );
    }
    party.budget.hold(SUBSCRIPTION_BYTES);
    party.topics.add(topic);
  }

  #admit(
    channel: ConnectionChannel,
    receiver: MessageReceiver | Remote<MessageReceiver>,
  ): Party {
    const budget = new Budget(Infinity, channel.budget);
    const topics = new Set<string>();
    // It has come over the connection.
    const remote = keep(receiver as Remote<MessageReceiver>);
    const party = { receiver: remote, topics, budget };
    this.#parties.set(channel, party);
    channel.closed.then(() => {
      this.#parties.delete(channel);
      budget.end();
      party.receiver[Symbol.dispose]();
    });
    return party;
  }

  /** Ends what `subscribe` has begun on the same connection. */
  @expose
  unsubscribe(topic: string): void {
    const party = this.#parties.get(channelOf(call()));
    if (party?.topics.delete(topic)) party.budget.release(SUBSCRIPTION_BYTES);
  }
}
