import { Backoff, DEFAULT_BACKOFF } from "../../channel/internal.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import type { OnError } from "../../channel/report.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { internalsOf } from "../_container_internals.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryProperties } from "./entry.ts";

/** The longest time for withdrawing an entry. */
const CLOSE_MS = 1_000;

/** The directory for which a {@linkcode Registration} is made. */
export interface RegistrationTarget {
  readonly container: Container;
  /** The address of the directory. */
  readonly directory: string;
  readonly onError: OnError;
}

/** An agent to register, or an object with the address of one. */
export interface RegisteredAgent {
  /** The address of the agent. */
  readonly address: string;
  /** Ends the registration when it aborts, as the signal of an agent does. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for `DirectoryClient.register`. */
export interface RegisterOptions {
  /** The kind of the agent, in a word of your choice. */
  readonly type: string;
  /**
   * Further properties of the agent.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
}

/**
 * A registration that is kept up: after the directory was away, the agent is
 * registered again, after waits that grow from 50 ms to 5 s. It ends when it is
 * closed, and with its agent or container. Made by `DirectoryClient.register`.
 */
export class Registration implements AsyncDisposable {
  /** The address of the agent. */
  readonly address: string;
  /** The type of the agent. */
  readonly type: string;
  /** Resolves when it is registered for the first time. */
  readonly first: Promise<void>;
  /** Resolves when it has ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #target: RegistrationTarget;
  readonly #key = world.uuid();
  readonly #ending = new AbortController();
  #properties: DirectoryProperties;
  /** The directory that has it, or `null` while none has. */
  #directory: Remote<Directory> | null = null;
  #registered = unawaited();
  #wasRegistered = false;

  /** Made by `DirectoryClient.register`. */
  constructor(
    { address, signal }: RegisteredAgent,
    { type, properties = {} }: RegisterOptions,
    target: RegistrationTarget,
  ) {
    this.address = address;
    this.type = type;
    this.#properties = properties;
    this.#target = target;
    this.first = this.#registered.promise;
    this.ended = this.#keep(signal);
  }

  /** The properties that were given last. */
  get properties(): DirectoryProperties {
    return this.#properties;
  }

  /** Whether the directory has the entry now, as far as this side knows. */
  get isRegistered(): boolean {
    return this.#directory !== null;
  }

  async #keep(ofAgent: AbortSignal | undefined): Promise<void> {
    const { container, directory } = this.#target;
    const { signal } = this.#ending;
    const onAbort = () => this.end(ofAgent?.reason);
    ofAgent?.addEventListener("abort", onAbort, { once: true });
    if (ofAgent?.aborted) onAbort();
    // By it this container confirms that the registration is its own.
    const { registrationKeys } = internalsOf(container);
    registrationKeys.set(this.#key, directory);
    const backoff = new Backoff(DEFAULT_BACKOFF, container);
    // The server of the container keeps the process alive, if anything should.
    backoff.unref();
    try {
      for (;;) {
        const startedAt = world.now();
        await this.#holdOnce(signal);
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
    }
  }

  /** Registers it, and resolves when it is not registered any more. */
  async #holdOnce(signal: AbortSignal): Promise<void> {
    try {
      const { container, directory: address } = this.#target;
      const directory = await container.connect<Directory>(address, { signal });
      const calls = withOptions(directory, { signal, timeoutMs: Infinity });
      const registered = this.#registerWith(calls);
      // At once: an entry without a holder would stay if this side died.
      const held = calls.hold(this.#key);
      held.catch(() => {});
      await registered;
      this.#directory = directory;
      this.#wasRegistered = true;
      this.#registered.resolve();
      await held.finally(() => this.#lose(directory));
    } catch (error) {
      signal.throwIfAborted();
      if (isAway(error)) return;
      const isFinal = error instanceof ContainerClosedError;
      if (!this.#wasRegistered || isFinal) throw error;
      const { onError } = this.#target;
      onError(error, { kind: "task", address: this.address });
    }
  }

  #registerWith(directory: Remote<Directory>): Promise<string> {
    const { address, type } = this;
    const properties = this.#properties;
    return directory.register({ address, type, properties, key: this.#key });
  }

  /** From now on, who waits for it to be registered waits for the next time. */
  #lose(directory: Remote<Directory> | null): void {
    if (this.#directory === null || this.#directory !== directory) return;
    this.#directory = null;
    this.#registered = unawaited();
  }

  /**
   * Replaces the properties of the entry. Resolves when the directory has them;
   * while the directory is away, waits for it.
   *
   * @throws {ValidationError} If they do not fit; the entry stays as it was.
   * @throws {unknown} A reason, once the registration has ended.
   */
  async update(properties: DirectoryProperties): Promise<void> {
    this.#ending.signal.throwIfAborted();
    const before = this.#properties;
    const directory = this.#directory;
    this.#properties = properties;
    try {
      if (directory !== null) await this.#registerWith(directory);
    } catch (error) {
      if (!isAway(error)) {
        if (this.#properties === properties) this.#properties = before;
        throw error;
      }
      // The next registration brings the new properties.
      this.#lose(directory);
    }
    await this.#registered.promise;
  }

  /** Ends it; the directory notices that by itself. */
  end(reason?: unknown): void {
    this.#ending.abort(
      reason ?? new DOMException("The registration was closed", "AbortError"),
    );
  }

  /**
   * Withdraws the entry, and resolves when it is gone, or after a second.
   * Repeatable; never rejects.
   */
  async close(): Promise<void> {
    const directory = this.#directory;
    this.end();
    if (directory !== null) {
      // If it fails, the end of the connection or of `hold` withdraws the entry.
      await withOptions(directory, { timeoutMs: CLOSE_MS })
        .deregister(this.#key).catch(() => {});
    }
    await this.ended;
  }

  /** Withdraws the entry. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A promise whose rejection may go unheard. */
function unawaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}

/** Whether an error says that the directory is not there. */
function isAway(error: unknown): boolean {
  return error instanceof ConnectError ||
    error instanceof ConnectionClosedError ||
    error instanceof AgentNotFoundError;
}
