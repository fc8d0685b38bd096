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
import { StaleStateError } from "../errors.ts";
import { internalsOf } from "../_container_internals.ts";
import { checkKey, checkLease, checkPrefix, checkValue } from "./_checks.ts";
import { EntryTable, type Lease } from "./_entry_table.ts";
import { type ToldChange, watchStream } from "./_watch_stream.ts";

/** The memory of a subscription of one container, in bytes. */
const SUBSCRIPTION_BYTES = 1_024;

/** The maximum memory of all entries, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Receives messages for the subscribers of one engine. */
export interface MessageReceiver {
  /** Receives a message in base64. */
  message(topic: string, message: string): void | Promise<void>;
}

/** The subscriptions of one connection. */
interface Party {
  readonly receiver: Remote<MessageReceiver> & Disposable;
  readonly topics: Set<string>;
  readonly budget: Budget;
}

/** An entry as it is saved: its value in base64, and its lease or `null`. */
type SavedEntry = readonly [
  key: string,
  value: string,
  revision: number,
  leaseMs: number | null,
];

/** The saved state of the agent. */
interface SavedTable {
  readonly revision: number;
  readonly entries: readonly SavedEntry[];
}

/**
 * Holds the messages and entries that the nodes of a cluster share, for all
 * processes that can reach its container. Use it through `containerEngine`,
 * with the address of this agent.
 *
 * The entries last as long as the agent's container, unless that has a `store`.
 * With a store, each write saves all entries before it is acknowledged; a later
 * agent with the same id restores them and restarts their leases. If two agents
 * use one store, the older one closes at its next write. Revisions always grow:
 * without a store they continue from the wall-clock time.
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
  /** Whether each write is saved. */
  readonly #isSaved: boolean;
  #writing: { readonly key: string; readonly written: Lease | null } | null =
    null;
  readonly #parties = new Map<ConnectionChannel, Party>();

  /** Creates the agent in `container`, by default with the id `engine`. */
  constructor(container: Container, options: AgentOptions = {}) {
    // Calls run one at a time, so that the check and the write are one step.
    const id = options.id ?? "engine";
    super(container, { ...options, id, concurrent: false });
    // In microseconds, so that these revisions exceed all of an earlier
    // process.
    const revision = Math.floor(world.wallNow() * 1_000);
    this.#table = new EntryTable(container, revision);
    const end = () => this.#table.close();
    this.signal.addEventListener("abort", end, { once: true });
    this.#isSaved = internalsOf(container).context.options.store !== undefined;
  }

  /** Returns all entries, including the write in progress. */
  protected override snapshot(): SavedTable {
    const all = new Map(this.#table.all().map((it) => [it.entry.key, it]));
    const { key, written } = this.#writing ?? {};
    if (written) all.set(key!, written);
    else if (key !== undefined) all.delete(key);
    const entries = Array.from(
      all.values(),
      ({ entry, leaseMs }): SavedEntry => {
        const { key, value, revision } = entry;
        const lease = leaseMs === Infinity ? null : leaseMs;
        return [key, value.toBase64(), revision, lease];
      },
    );
    return { revision: this.#table.revision, entries };
  }

  /** Restores the saved entries. */
  protected override restore({ revision, entries }: SavedTable): void {
    this.#table.advance(revision);
    for (const [key, text, revision, leaseMs] of entries) {
      const entry = { key, value: Uint8Array.fromBase64(text), revision };
      this.#table.write({ entry, leaseMs: leaseMs ?? Infinity });
    }
  }

  /**
   * Claims the store, which makes an older agent with this store close at its
   * next write.
   */
  protected override async onStart(): Promise<void> {
    if (this.#isSaved) await this.save();
  }

  /**
   * Saves the write of `key` (`null` for its removal) before others can see it.
   */
  async #commit(key: string, written: Lease | null): Promise<void> {
    this.#writing = { key, written };
    try {
      await this.save();
    } catch (error) {
      // Another agent has taken over the store.
      if (error instanceof StaleStateError) this.close().catch(() => {});
      throw error;
    } finally {
      this.#writing = null;
    }
  }

  /** Returns the value and revision of an entry; `null` if there is none. */
  @expose({ idempotent: true })
  get(key: string): [value: string, revision: number] | null {
    const entry = this.#table.get(key);
    return entry && [entry.value.toBase64(), entry.revision];
  }

  /**
   * Writes an entry and returns its revision; `null` if the entry's revision is
   * not `expected`. An `expected` of -1 matches any revision.
   *
   * @throws {ServerBusyError} If the entries take too much memory.
   */
  @expose
  async put(
    key: string,
    value: string,
    expected: number,
    leaseMs: number | null,
  ): Promise<number | null> {
    checkKey(key, "key");
    const bytes = Uint8Array.fromBase64(value);
    checkValue(bytes, "value");
    checkLease(leaseMs ?? Infinity);
    if (expected !== -1 && !this.#table.has(key, expected)) return null;
    if (this.#table.bytes + bytes.length > MAX_BYTES) {
      throw new ServerBusyError(
        `Cannot write '${key}': the entries take ${this.#table.bytes} bytes, remove some`,
      );
    }
    const entry = this.#table.next(key, bytes);
    const written = { entry, leaseMs: leaseMs ?? Infinity };
    if (this.#isSaved) await this.#commit(key, written);
    this.#table.write(written);
    return entry.revision;
  }

  /** Removes an entry. Returns `false` if its revision is not `expected`. */
  @expose
  async remove(key: string, expected: number): Promise<boolean> {
    if (expected !== -1 && !this.#table.has(key, expected)) return false;
    if (this.#isSaved) await this.#commit(key, null);
    this.#table.remove(key);
    return true;
  }

  /**
   * Yields the entries whose keys begin with `prefix`, and then their changes.
   */
  @expose
  watch(prefix: string): AsyncGenerator<ToldChange, void> {
    checkPrefix(prefix);
    const { signal } = call();
    const { budget } = channelOf(call());
    const ending = AbortSignal.any([signal, this.signal]);
    return watchStream(this.#table, prefix, budget, ending);
  }

  /** Sends a message to the subscribers of `topic`. */
  @expose
  publish(topic: string, message: string): void {
    checkKey(topic, "topic");
    checkValue(Uint8Array.fromBase64(message), "message");
    for (const { receiver, topics } of this.#parties.values()) {
      if (topics.has(topic)) notify(receiver).message(topic, message);
    }
  }

  /** Sends the messages of `topic` to `receiver`, until its connection ends. */
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
    // `receiver` came over the connection, so it is a proxy.
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

  /** Ends a subscription of the same connection. */
  @expose
  unsubscribe(topic: string): void {
    const party = this.#parties.get(channelOf(call()));
    if (party?.topics.delete(topic)) party.budget.release(SUBSCRIPTION_BYTES);
  }
}
