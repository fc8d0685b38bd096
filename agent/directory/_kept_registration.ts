import type { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import { internalsOf } from "../_container_internals.ts";
import { Backoff, DEFAULT_BACKOFF } from "../../channel/internal.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import type { OnError } from "../../channel/report.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import type {
  RegisteredAgent,
  RegisterOptions,
  Registration,
} from "./client.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryProperties, DirectoryRegistration } from "./entry.ts";

/** How long a withdrawal may take. */
const CLOSE_MS = 1_000;

/** What a registration needs of its client. */
export interface KeptRegistrationOptions {
  readonly container: Container;
  /** The address of the directory. */
  readonly directory: string;
  readonly connect: (signal: AbortSignal) => Promise<Remote<Directory>>;
  readonly onError: OnError;
}

/** Keeps one agent registered, whatever becomes of the directory. */
export class KeptRegistration implements Registration {
  readonly address: string;
  readonly type: string;
  /** Resolves when it is registered for the first time. */
  readonly first: Promise<void>;
  /** Resolves when it has ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #options: KeptRegistrationOptions;
  readonly #key = crypto.randomUUID();
  readonly #ending = new AbortController();
  readonly #backoff: Backoff;
  #properties: DirectoryProperties;
  /** The directory that has it, or `null` while none has. */
  #directory: Remote<Directory> | null = null;
  #registered = pending();
  #wasRegistered = false;

  constructor(
    { address, signal }: RegisteredAgent,
    { type, properties = {} }: RegisterOptions,
    options: KeptRegistrationOptions,
  ) {
    this.address = address;
    this.type = type;
    this.#properties = properties;
    this.#options = options;
    this.#backoff = new Backoff(DEFAULT_BACKOFF, options.container);
    // The container's server keeps the process alive, if anything shall.
    this.#backoff.unref();
    this.first = this.#registered.promise;
    this.ended = this.#keep(signal);
  }

  get properties(): DirectoryProperties {
    return this.#properties;
  }

  get isRegistered(): boolean {
    return this.#directory !== null;
  }

  async #keep(signal: AbortSignal | undefined): Promise<void> {
    const onAbort = () => this.end(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    // By it this container confirms that the registration is its own.
    const { registrationKeys } = internalsOf(this.#options.container);
    registrationKeys.set(this.#key, this.#options.directory);
    try {
      for (;;) await this.#keepOnce();
    } catch (error) {
      this.#registered.reject(error);
      this.end(error);
    } finally {
      registrationKeys.delete(this.#key);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Registers it, waits until it is no more, and then for the next time. */
  async #keepOnce(): Promise<void> {
    const { signal } = this.#ending;
    const startedAt = performance.now();
    try {
      await this.#hold(signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(error);
    }
    const { maxMs: longestWaitMs } = DEFAULT_BACKOFF;
    if (performance.now() - startedAt > longestWaitMs) this.#backoff.reset();
    await this.#backoff.wait(Infinity, signal);
  }

  async #hold(signal: AbortSignal): Promise<void> {
    const directory = await this.#options.connect(signal);
    const calls = withOptions(directory, { signal, timeoutMs: Infinity });
    const registered = calls.register(this.#registration);
    // At once: an entry that nobody holds stays if this side dies.
    const held = calls.hold(this.#key);
    held.catch(() => {});
    await registered;
    this.#directory = directory;
    this.#wasRegistered = true;
    this.#registered.resolve();
    try {
      await held;
    } finally {
      this.#lost(directory);
    }
  }

  /** Whoever waits for it to be registered waits for the next time. */
  #lost(directory: Remote<Directory> | null): void {
    if (this.#directory === null || this.#directory !== directory) return;
    this.#directory = null;
    this.#registered = pending();
  }

  get #registration(): DirectoryRegistration {
    const { address, type } = this;
    return { address, type, properties: this.#properties, key: this.#key };
  }

  /** Ends it if the first attempt was refused; else it goes on. */
  #failed(error: unknown): void {
    if (isAway(error)) return;
    if (!this.#wasRegistered || error instanceof ContainerClosedError) {
      throw error;
    }
    this.#options.onError(error, { kind: "task", address: this.address });
  }

  async update(properties: DirectoryProperties): Promise<void> {
    this.#ending.signal.throwIfAborted();
    const before = this.#properties;
    const directory = this.#directory;
    this.#properties = properties;
    try {
      await directory?.register(this.#registration);
    } catch (error) {
      if (!isAway(error)) {
        if (this.#properties === properties) this.#properties = before;
        throw error;
      }
      // The next registration brings the new properties.
      this.#lost(directory);
    }
    await this.#registered.promise;
  }

  /** Ends it; the directory notices by itself. */
  end(reason?: unknown): void {
    this.#ending.abort(
      reason ?? new DOMException("The registration was closed", "AbortError"),
    );
  }

  async close(): Promise<void> {
    const directory = this.#directory;
    this.end();
    if (directory !== null) await this.#withdraw(directory);
    await this.ended;
  }

  async #withdraw(directory: Remote<Directory>): Promise<void> {
    const hurried = withOptions(directory, { timeoutMs: CLOSE_MS });
    try {
      await hurried.deregister(this.#key);
    } catch {
      // The end of the connection, or of the call that held it, withdraws it.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A promise that nobody need wait for. */
function pending(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}

/** Whether the directory is not there. */
function isAway(error: unknown): boolean {
  return error instanceof ConnectError ||
    error instanceof ConnectionClosedError ||
    error instanceof AgentNotFoundError;
}
