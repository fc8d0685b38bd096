import {
  abortable,
  Backoff,
  DEFAULT_BACKOFF,
  within,
} from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError, DenomasError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { internalsOf } from "../_container_internals.ts";
import { ContainerClosedError } from "../errors.ts";
import * as checks from "./_checks.ts";
import type { DirectoryConnection } from "./_connection.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryProperties } from "./entry.ts";

/** The time limit for withdrawing an entry. */
const CLOSE_MS = 1_000;

/** An agent to register, or an object with the address of an agent. */
export interface RegisteredAgent {
  /** The address of the agent. */
  readonly address: string;
  /** Ends the registration when it aborts. The signal of an agent does so. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for `DirectoryClient.register`. */
export interface RegisterOptions {
  /** The kind of the agent, as a word of your choice. */
  readonly type: string;
  /**
   * Further properties of the agent.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
}

/**
 * A registration that is renewed automatically: after the directory was away,
 * the agent is registered again, with waits that grow from 50 ms to 5 s. It
 * ends when it is closed, or when its agent or container closes. Made by
 * `DirectoryClient.register`.
 */
export class Registration implements AsyncDisposable {
  /** The address of the agent. */
  readonly address: string;
  /** The type of the agent. */
  readonly type: string;
  /** Resolves when the agent is registered for the first time. */
  readonly first: Promise<void>;
  /** Resolves when the registration has ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #connection: DirectoryConnection;
  readonly #key = world.uuid();
  readonly #ending = new AbortController();
  #properties: DirectoryProperties;
  /** The directory that may have the entry. */
  #directory: Remote<Directory> | null = null;
  #isRegistered = false;
  #wasRegistered = false;
  #registered = unawaited();

  /** Made by `DirectoryClient.register`. */
  constructor(
    { address, signal }: RegisteredAgent,
    { type, properties = {} }: RegisterOptions,
    connection: DirectoryConnection,
  ) {
    this.address = address;
    this.type = type;
    this.#properties = properties;
    this.#connection = connection;
    this.first = this.#registered.promise;
    this.ended = this.#keep(signal);
  }

  /** The latest properties. */
  get properties(): DirectoryProperties {
    return this.#properties;
  }

  /** Whether the directory now has the entry, as far as this side knows. */
  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  async #keep(ofAgent: AbortSignal | undefined): Promise<void> {
    using _use = this.#connection.use();
    const { container, address } = this.#connection;
    const { signal } = this.#ending;
    const onAbort = () => this.end(ofAgent?.reason);
    ofAgent?.addEventListener("abort", onAbort, { once: true });
    if (ofAgent?.aborted) onAbort();
    // With this key, the container confirms that the registration is its own.
    const { registrationKeys } = internalsOf(container);
    registrationKeys.set(this.#key, address);
    const backoff = new Backoff(DEFAULT_BACKOFF, container);
    // The container's server keeps the process alive, if that is wanted.
    backoff.isRef = false;
    try {
      for (;;) {
        const startedAt = world.now();
        await this.#registerUntilLost(signal);
        const heldMs = world.now() - startedAt;
        if (heldMs > DEFAULT_BACKOFF.maxMs) backoff.reset();
        await backoff.wait(Infinity, signal);
      }
    } catch (error) {
      this.#registered.reject(error);
      this.end(error);
    } finally {
      registrationKeys.delete(this.#key);
      ofAgent?.removeEventListener("abort", onAbort);
      await this.#withdraw(backoff);
    }
  }

  async #registerUntilLost(signal: AbortSignal): Promise<void> {
    try {
      const directory = await this.#connection.connect(signal);
      this.#directory = directory;
      const calls = withOptions(directory, { signal, timeoutMs: Infinity });
      // Watched before registering, so that no loss in between goes unnoticed.
      const lost = this.#connection.lost();
      const starting = this.#starting;
      await this.#registerWith(calls);
      this.#isRegistered = true;
      this.#wasRegistered = true;
      this.#registered.resolve();
      if (starting !== null) {
        await abortable(Promise.race([starting, lost]), signal);
        await this.#registerWith(calls);
      }
      await abortable(lost, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isAway(error)) return;
      const isFinal = error instanceof ContainerClosedError;
      if (!this.#wasRegistered || isFinal) throw error;
      this.#connection.onError(error, { kind: "task", address: this.address });
    } finally {
      this.#lose(this.#directory);
    }
  }

  /** Resolves when the agent can be called; `null` if it is not starting. */
  get #starting(): Promise<void> | null {
    const { supervisor } = internalsOf(this.#connection.container);
    return supervisor.starting(this.address);
  }

  #registerWith(directory: Remote<Directory>): Promise<string> {
    const { address, type } = this;
    return directory.register({
      address,
      type,
      properties: this.#properties,
      key: this.#key,
      isHidden: this.#starting !== null,
    });
  }

  /** Marks the entry as lost: later waits are for the next registration. */
  #lose(directory: Remote<Directory> | null): void {
    if (!this.#isRegistered || this.#directory !== directory) return;
    this.#isRegistered = false;
    this.#registered = unawaited();
  }

  /**
   * Replaces the properties of the entry. Resolves when the directory has
   * stored them; while the directory is away, waits for it.
   *
   * @throws {ValidationError} If the properties are invalid. The entry stays as
   * it was.
   * @throws {DenomasError} If the registration is closed.
   * @throws {unknown} The reason of the agent's signal, if it has aborted.
   */
  async update(properties: DirectoryProperties): Promise<void> {
    this.#ending.signal.throwIfAborted();
    const wanted = checks.checked(
      "Cannot use the properties",
      checks.properties,
      properties,
    );
    const before = this.#properties;
    const directory = this.#directory;
    this.#properties = wanted;
    try {
      if (this.#isRegistered) await this.#registerWith(directory!);
    } catch (error) {
      if (!isAway(error)) {
        if (this.#properties === wanted) this.#properties = before;
        throw error;
      }
      // The next registration sends the new properties.
      this.#lose(directory);
    }
    await this.#registered.promise;
  }

  /** Ends the registration, and withdraws the entry. */
  end(reason?: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(
      reason ?? new DenomasError(
        `Cannot keep '${this.address}' registered: the registration is closed`,
      ),
    );
  }

  /** Withdraws the entry. Tries again while the directory is too busy. */
  async #withdraw(backoff: Backoff): Promise<void> {
    if (this.#directory === null) return;
    const calls = withOptions(this.#directory, { timeoutMs: CLOSE_MS });
    const gone = new AbortController();
    this.#connection.lost().then(() => gone.abort());
    backoff.reset();
    while (!gone.signal.aborted) {
      try {
        return await calls.deregister(this.#key);
      } catch (error) {
        const isRefused = error instanceof ServerBusyError ||
          error instanceof TimeoutError;
        // Otherwise the connection is lost, and the entry with it.
        if (!isRefused) return;
      }
      await backoff.wait(CLOSE_MS, gone.signal).catch(() => {});
    }
  }

  /**
   * Withdraws the entry. Resolves when the entry is gone, or after one second.
   * Can be called repeatedly; never rejects.
   */
  async close(): Promise<void> {
    this.end();
    await within(CLOSE_MS, this.ended);
  }

  /** Withdraws the entry. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Makes a promise whose rejection may stay unhandled. */
function unawaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}

/** Returns whether an error means that the directory is away. */
function isAway(error: unknown): boolean {
  return error instanceof ConnectError ||
    error instanceof ConnectionClosedError ||
    error instanceof AgentNotFoundError ||
    // The directory is connected, but silent.
    error instanceof TimeoutError;
}
