import { Backoff } from "../../channel/internal.ts";
import type { RpcConnectionOptions } from "../../rpc/client.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import { notify, withOptions } from "../../rpc/options.ts";
import type { ReconnectingClient } from "../../rpc/reconnect/client.ts";
import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Router } from "../../rpc/service/service.ts";
import { observed, world } from "../../transports/internal.ts";
import type { Transport } from "../../transports/transport.ts";
import { parseAgentAddress } from "../address.ts";
import { dateSerializer } from "../date_serializer.ts";
import { checkKey, checkLease, checkPrefix, checkValue } from "./_checks.ts";
import type { Engine, Entry, EntryChange, PutOptions } from "./engine.ts";
import type { EngineAgent } from "./engine_agent.ts";
import { EngineError, StaleEpochError } from "./errors.ts";
import type { ToldChange } from "./_watch_stream.ts";
import { WatchedEntries } from "./_watched_entries.ts";

/** The default time limit for answers, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** The default time for which the agent may be silent, in milliseconds. */
const HEARTBEAT_MS = 2_000;

/**
 * The longest wait between attempts to reconnect, in milliseconds. Short, since
 * the leases of nodes run out during the wait.
 */
const MAX_WAIT_MS = 500;

/** The time limit for sending messages when the engine is disposed of. */
const GRACE_MS = 1_000;

/** Options for {@linkcode containerEngine}. */
export interface ContainerEngineOptions
  extends Omit<RpcConnectionOptions, "service"> {
  /**
   * The address at which a node of this engine listens.
   *
   * @default {`tcp://127.0.0.1:0`; for an agent in memory, another name in memory
   * each time}
   */
  readonly nodeAddress?: string | undefined;
}

/** The part of a container that the engine calls. */
interface Served {
  readonly agents: Router<EngineAgent>;
}

/**
 * Connects to the `EngineAgent` at `address`, and reconnects when the
 * connection is lost. An engine for processes that can all reach one container.
 *
 * The entries are as safe as the process of that agent. While the agent cannot
 * be reached, messages are lost, and other operations wait for up to
 * `timeoutMs`.
 *
 * @param options As for a connection; `timeoutMs` is 5,000 and `heartbeatMs`
 * 2,000 by default.
 * @throws {EngineError} If the agent cannot be reached within `retryForMs`.
 * @throws {TypeError} If `address` is not the address of an agent.
 */
export async function containerEngine(
  address: string,
  options: ContainerEngineOptions = {},
): Promise<Engine> {
  const engine = new ContainerEngine(address, options);
  await engine.open();
  return engine;
}

/** Passes arriving messages to the subscribers of one engine. */
class Receiver {
  readonly topics = new Map<string, Set<(message: Uint8Array) => void>>();

  @expose
  message(topic: string, message: string): void {
    const subscribers = this.topics.get(topic);
    if (subscribers === undefined) return;
    const bytes = Uint8Array.fromBase64(message);
    for (const onMessage of [...subscribers]) onMessage(bytes);
  }
}

/** An engine that keeps its entries in an agent. */
class ContainerEngine implements Engine {
  readonly transports: readonly Transport[];
  readonly #address: string;
  readonly #id: string;
  readonly #options: ContainerEngineOptions;
  readonly #timeoutMs: number;
  readonly #receiver = new Receiver();
  readonly #watches = new Set<WatchedEntries>();
  readonly #ending = new AbortController();
  /** Set by `open`. */
  #client!: ReconnectingClient<Served>;
  /** The latest connection. */
  #connection: RpcClient<Served> | null = null;

  constructor(address: string, options: ContainerEngineOptions) {
    const { container, id } = parseAgentAddress(address);
    this.#address = container;
    this.#id = id;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.transports = options.transports ?? [];
  }

  get nodeAddress(): string {
    const { nodeAddress } = this.#options;
    if (nodeAddress !== undefined) return nodeAddress;
    const isInMemory = this.#address.startsWith("local:");
    return isInMemory ? `local://${world.uuid()}` : "tcp://127.0.0.1:0";
  }

  get #agent(): Remote<EngineAgent> {
    return this.#client.remote.agents[this.#id]!;
  }

  async open(): Promise<void> {
    const { retryForMs = 0, signal } = this.#options;
    const until = world.now() + retryForMs;
    const backoff = new Backoff();
    for (;;) {
      const leftMs = until - world.now();
      try {
        this.#client = await this.#connect(Math.max(0, leftMs));
        break;
      } catch (error) {
        signal?.throwIfAborted();
        const isMisuse = error instanceof TypeError ||
          error instanceof RangeError;
        if (isMisuse) throw error;
        // The container may be ready before its agent.
        const isRefused = error instanceof AuthenticationError;
        if (isRefused || leftMs <= 0) throw this.#failure("connect", error);
        await backoff.wait(leftMs, signal);
      }
    }
    const describe = () => `${this.#address}/${this.#id}`;
    observed.by?.opened(this, "engine", describe);
    observed.by?.owned(this.#client, this);
    this.#client.closed.then(() => observed.by?.closed(this));
  }

  #connect(retryForMs: number): Promise<ReconnectingClient<Served>> {
    const { heartbeatMs = HEARTBEAT_MS, serializers = [] } = this.#options;
    return openReconnecting<Served>(this.#address, {
      ...this.#options,
      // Containers use this serializer, too.
      serializers: [dateSerializer, ...serializers],
      heartbeatMs,
      retryForMs,
      backoff: { maxMs: MAX_WAIT_MS },
      timeoutMs: this.#timeoutMs,
      queueTimeoutMs: this.#timeoutMs,
      onConnect: (connection) => this.#begin(connection),
    });
  }

  /** Restores subscriptions and watches on a new connection. */
  async #begin(connection: RpcClient<Served>): Promise<void> {
    const agent = connection.remote.agents[this.#id]!;
    // Fails if the agent does not exist yet.
    await agent.get("-");
    for (const topic of this.#receiver.topics.keys()) {
      await agent.subscribe(topic, this.#receiver);
    }
    this.#connection = connection;
    for (const watch of this.#watches) this.#follow(watch, connection);
  }

  async #follow(
    watch: WatchedEntries,
    { remote, channel }: RpcClient<Served>,
  ): Promise<void> {
    try {
      const stream = await remote.agents[this.#id]!.watch(watch.prefix);
      await this.#read(watch, stream[Symbol.asyncIterator]());
    } catch {
      // The next connection shows whether the agent can be reached.
    }
    if (!watch.isOver) await channel.close({ graceMs: 0 });
  }

  async #read(
    watch: WatchedEntries,
    stream: AsyncIterator<ToldChange>,
  ): Promise<void> {
    // `return` may never answer on a stuck connection, so it is not awaited.
    const round = watch.begin(() => stream.return?.().catch(() => {}));
    while (!watch.isOver) {
      const { done, value } = await stream.next();
      if (done) return;
      const [key, text, revision] = value;
      if (key === undefined) round.synced();
      else if (text === undefined) round.removed(key);
      else {
        round.put({
          key,
          value: Uint8Array.fromBase64(text),
          revision: revision!,
        });
      }
    }
    await stream.return?.();
  }

  publish(topic: string, message: Uint8Array): void {
    checkKey(topic, "topic");
    checkValue(message, "message");
    // A queued message would reach later subscribers, too.
    if (this.#client.state !== "connected") return;
    notify(this.#agent).publish(topic, message.toBase64());
  }

  async subscribe(
    topic: string,
    onMessage: (message: Uint8Array) => void,
  ): Promise<AsyncDisposable> {
    checkKey(topic, "topic");
    const { topics } = this.#receiver;
    const subscribers = topics.get(topic) ?? new Set();
    topics.set(topic, subscribers);
    // A wrapper, since the same function may be subscribed twice.
    const subscriber = (message: Uint8Array) => onMessage(message);
    subscribers.add(subscriber);
    const end = async () => {
      if (!subscribers.delete(subscriber) || subscribers.size > 0) return;
      topics.delete(topic);
      if (this.#client.state !== "connected") return;
      await this.#agent.unsubscribe(topic).catch(() => {});
    };
    try {
      await this.#agent.subscribe(topic, this.#receiver);
    } catch (error) {
      await end();
      throw this.#failure(`subscribe to '${topic}'`, error);
    }
    return { [Symbol.asyncDispose]: end };
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key, "key");
    try {
      const told = await this.#agent.get(key);
      if (told === null) return null;
      const [value, revision] = told;
      return { key, value: Uint8Array.fromBase64(value), revision };
    } catch (error) {
      throw this.#failure(`read '${key}'`, error);
    }
  }

  async put(
    key: string,
    value: Uint8Array,
    { expected = -1, leaseMs = Infinity, signal }: PutOptions = {},
  ): Promise<number> {
    checkKey(key, "key");
    checkValue(value, "value");
    checkLease(leaseMs);
    const lease = leaseMs === Infinity ? null : leaseMs;
    let revision: number | null;
    try {
      revision = await withOptions(this.#agent, { signal })
        .put(key, value.toBase64(), expected, lease);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failure(`write '${key}'`, error);
    }
    if (revision === null) throw staleError(`write '${key}'`, expected);
    return revision;
  }

  async remove(key: string, expected: number = -1): Promise<void> {
    checkKey(key, "key");
    let isRemoved: boolean;
    try {
      isRemoved = await this.#agent.remove(key, expected);
    } catch (error) {
      throw this.#failure(`remove '${key}'`, error);
    }
    if (!isRemoved) throw staleError(`remove '${key}'`, expected);
  }

  async watch(
    prefix: string,
    onChange: (change: EntryChange) => void,
  ): Promise<AsyncDisposable> {
    checkPrefix(prefix);
    const watch = new WatchedEntries(prefix, onChange);
    const end = async () => {
      this.#watches.delete(watch);
      await watch.end();
    };
    this.#watches.add(watch);
    if (this.#connection !== null) this.#follow(watch, this.#connection);
    try {
      await watch.syncedWithin(this.#timeoutMs, this.#ending.signal);
    } catch (error) {
      await end();
      throw this.#failure(`watch '${prefix}'`, error);
    }
    return { [Symbol.asyncDispose]: end };
  }

  #failure(act: string, cause: unknown): EngineError {
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    return new EngineError(
      `Cannot ${act}: '${this.#address}/${this.#id}' did not answer, ${reason}`,
      { cause },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the engine was disposed of"));
    this.#receiver.topics.clear();
    await Promise.all(Array.from(this.#watches, (watch) => watch.end()));
    await this.#client.close({ graceMs: GRACE_MS });
  }
}

function staleError(act: string, expected: number): StaleEpochError {
  return new StaleEpochError(
    `Cannot ${act}: its revision is not ${expected}, another one has written since`,
  );
}
