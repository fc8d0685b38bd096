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

/** An entry as it is saved: its value in base64, and its lease or `null`. */
type SavedEntry = readonly [
  key: string,
  value: string,
  revision: number,
  leaseMs: number | null,
];

/** All that is saved. */
interface SavedTable {
  readonly revision: number;
  readonly entries: readonly SavedEntry[];
}

/**
 * Holds what the nodes of a cluster share, for all processes that can reach its
 * container: they use it by `containerEngine`, with the address of this agent.
 *
 * Entries are there as long as its container, unless that was given a `store`: then
 * each write saves all of them before it is acknowledged, and an agent of the same
 * id finds them again, with leases that begin anew. Of two agents with one store,
 * the older one ends at its next write. Revisions grow in any case: without a store
 * they go on from the time of the wall clock.
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

  /** Creates the agent in `container`, with the id `engine` unless given. */
  constructor(container: Container, options: AgentOptions = {}) {
    // One write after the other: the check and the write are one step.
    const id = options.id ?? "engine";
    super(container, { ...options, id, concurrent: false });
    // In microseconds, so that no earlier life has given such a revision.
    this.#table = new EntryTable(this, Math.floor(world.wallNow() * 1_000));
    const end = () => this.#table.close();
    this.signal.addEventListener("abort", end, { once: true });
    this.#isSaved = internalsOf(container).context.options.store !== undefined;
  }

  /** Returns all entries, with the write that is going on. */
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

  /** Takes over what was saved. */
  protected override restore({ revision, entries }: SavedTable): void {
    this.#table.advance(revision);
    for (const [key, text, revision, leaseMs] of entries) {
      const entry = { key, value: Uint8Array.fromBase64(text), revision };
      this.#table.write({ entry, leaseMs: leaseMs ?? Infinity });
    }
  }

  /** Ends an older agent with this store, if it is still there. */
  protected override async onStart(): Promise<void> {
    if (this.#isSaved) await this.save();
  }

  /** Saves what is written to `key`, `null` for nothing, before others see it. */
  async #commit(key: string, written: Lease | null): Promise<void> {
    this.#writing = { key, written };
    try {
      await this.save();
    } catch (error) {
      // Another agent has taken over.
      if (error instanceof StaleStateError) this.close().catch(() => {});
      throw error;
    } finally {
      this.#writing = null;
    }
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
    checkKey(topic, "topic");
    checkValue(Uint8Array.fromBase64(message), "message");
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
