import { abortable, within } from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import { RemoteError } from "../../channel/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { observed } from "../../transports/internal.ts";
import { isAgentId } from "../_agent_id.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError, SpawnError } from "../errors.ts";
import { type Household, householdOf } from "../_container_internals.ts";
import type { Manager } from "./manager.ts";
import { GRACE_MS } from "../supervision/_agent_lifecycle.ts";
import type { SpawnedCloseReason, SpawnedContainer } from "./contract.ts";
import type { HostEnd, SpawnedHost, SpawnedHostOptions } from "./_host.ts";
import { type OnLine, SpawnedLog } from "./_log.ts";
import { SpawnedSocket } from "./_socket.ts";
import type { SpawnSetup } from "./_setup.ts";
import { StartLimit, StartProblem } from "./_start.ts";

/** How long it may take to end when its container is closed. */
const EXIT_MS = 1_000;

/**
 * How long it may go on without its manager or its connection: it may be about
 * to end, as after `stop`.
 */
const LOSS_MS = 2_000;

/**
 * How long it may take to clean up where there is hardly anything, and to read
 * what it had sent before it was gone.
 */
const LINGER_MS = 250;

/** What a {@linkcode Spawned} is made with. */
export interface SpawnedOptions {
  readonly parent: Container;
  readonly setup: SpawnSetup;
  /** Starts its process or Worker. */
  readonly startHost: (options: SpawnedHostOptions) => SpawnedHost;
  readonly onLog: OnLine;
  /**
   * What it shows to others, and its parent takes as shown and shows to it;
   * `undefined` for nothing.
   */
  readonly credentials: unknown;
}

/** Why this side ends it. */
type Ending = Pick<SpawnedCloseReason, "by" | "code" | "message">;

const CLOSED_HERE: Ending = {
  by: "local",
  code: "closed",
  message: "this side closed it",
};

/** A spawned container, as its parent sees it. */
export class Spawned implements SpawnedContainer {
  readonly closed: Promise<SpawnedCloseReason>;
  readonly #parent: Container;
  readonly #household: Household;
  readonly #setup: SpawnSetup;
  readonly #host: SpawnedHost;
  readonly #log: SpawnedLog;
  readonly #socket: SpawnedSocket;
  readonly #limit = new StartLimit();
  readonly #agreed: Disposable;
  #manager: Remote<Manager> | null = null;
  #ending: Ending | null = null;
  #hasListened = false;
  #hasEnded = false;
  /** Resolves when the connection, or the manager, is gone. */
  #lost: Promise<void> = Promise.resolve();

  /**
   * Starts it.
   *
   * @throws {SpawnError} If the system refuses that.
   */
  constructor(
    { parent, setup, startHost, onLog, credentials }: SpawnedOptions,
  ) {
    this.#parent = parent;
    this.#household = householdOf(parent);
    this.#setup = setup;
    this.#socket = new SpawnedSocket(setup.address);
    const { report } = this.#household;
    this.#log = new SpawnedLog({ onLine: onLog, report });
    try {
      this.#host = startHost({
        setup,
        onLine: (line, from) => this.#log.add(line, from, this.address),
      });
    } catch (error) {
      throw this.#log.failure(setup.address, error);
    }
    this.#household.dependents.add(this);
    this.#agreed = this.#household.spawned(setup.address, credentials);
    const observer = observed.by;
    observer?.opened(this, "process", () => this.#describe());
    observer?.owned(this, parent);
    this.closed = this.#host.ended.then((end) => this.#tidy(end));
  }

  get address(): string {
    return this.#setup.address;
  }

  get manager(): Remote<Manager> {
    return this.#manager!;
  }

  get pid(): number | undefined {
    return this.#host.pid;
  }

  #describe(): string {
    return `${this.address}, ${this.pid ?? "a Worker"}`;
  }

  /**
   * Waits until it can be used. If that fails, nothing is left of it.
   *
   * @throws {SpawnError} If it does not start within `timeoutMs`.
   * @throws {ContainerClosedError} If the parent is closed before.
   * @throws {unknown} The reason of `signal`.
   */
  async start(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    this.#limit.set(timeoutMs, signal);
    try {
      await this.#start(this.#limit.signal);
    } catch (error) {
      const wasClosed = this.#ending !== null;
      this.#ending ??= {
        by: "error",
        code: "start-failed",
        message: "it could not start",
      };
      await this.#giveUp();
      if (signal?.aborted) throw signal.reason;
      if (wasClosed) throw this.#closedError();
      throw this.#log.failure(this.#setup.address, error);
    } finally {
      this.#limit.end();
    }
  }

  /**
   * Lets it end by itself, as far as it can: it may be about to listen, or
   * listen where this side was not let in.
   */
  async #giveUp(): Promise<void> {
    const { aborted } = this.#limit.signal;
    if (aborted || this.#hasListened) this.#host.close(LINGER_MS);
    await within(aborted ? LINGER_MS : EXIT_MS, this.#host.ended);
    this.#host.kill();
    await this.closed;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const report = await abortable(
      Promise.race([this.#host.report, this.#host.ended.then(endedEarly)]),
      signal,
    );
    if (report.kind === "failed") {
      throw new StartProblem(report.message, report.name);
    }
    this.#hasListened = true;
    // What a Worker has open may be so for ever, a process takes it along.
    if (this.pid === undefined) await this.#socket.remember();
    this.#manager = await this.#connect(signal);
    await withOptions(this.#manager, { signal }).admit(this.#setup.token);
    this.#lost = this.#watch();
  }

  /** It has just said that it listens: for this one connection, it is known. */
  async #connect(signal: AbortSignal): Promise<Remote<Manager>> {
    using _ = this.#household.admit(this.address);
    return await this.#parent.connect<Manager>(
      this.#managerAddress,
      { signal },
    );
  }

  get #managerAddress(): string {
    return `${this.address}/0`;
  }

  #closedError(): ContainerClosedError {
    return new ContainerClosedError(
      `Cannot spawn a container at '${this.#setup.address}': its parent '${this.#parent.address}' was closed`,
    );
  }

  /** Ends it some time after its manager, or the connection, is gone. */
  async #watch(): Promise<void> {
    // It rejects when the parent closes, which ends this as well.
    await this.#parent.watch(this.#managerAddress).catch(() => {});
    this.#endWithin(LOSS_MS, {
      by: "error",
      code: "lost",
      message: "it was lost",
    });
  }

  async #endWithin(timeMs: number, ending: Ending): Promise<void> {
    await within(timeMs, this.#host.ended);
    if (this.#hasEnded) return;
    this.#ending ??= ending;
    this.#host.kill();
  }

  async #tidy({ code, isOrderly, what }: HostEnd): Promise<SpawnedCloseReason> {
    this.#hasEnded = true;
    await this.#removeSocket();
    await this.#disconnect();
    this.#agreed[Symbol.dispose]();
    this.#household.dependents.delete(this);
    observed.by?.closed(this);
    const byItself: Ending = isOrderly
      ? { by: "peer", code: "closed", message: "it was stopped" }
      : { by: "error", code: "ended", message: `it ${what}` };
    return {
      ...(this.#ending ?? byItself),
      ...(code !== undefined && { exitCode: code }),
    };
  }

  async #disconnect(): Promise<void> {
    // If it never listened there, somebody else may.
    if (!this.#hasListened) return;
    await within(LINGER_MS, this.#lost);
    // A Worker's end of it may be open for ever.
    await this.#household.cut(this.address);
    await this.#lost;
  }

  async #removeSocket(): Promise<void> {
    try {
      await this.#socket.remove();
    } catch (error) {
      this.#household.report(error, this.address);
    }
  }

  async spawn<T>(name: string, ...args: unknown[]): Promise<Remote<T>> {
    try {
      const made: unknown = await this.manager.spawn(name, ...args);
      const address = this.#checkMade(Array.isArray(made) ? made[1] : null);
      return await this.#parent.connect<T>(address);
    } catch (error) {
      if (!isSpawnFailure(error)) throw error;
      throw new SpawnError(error.message, { cause: error });
    }
  }

  /** The address that it tells of an agent must be one in there. */
  #checkMade(address: unknown): string {
    const inside = `${this.address}/`;
    if (
      typeof address === "string" && address.startsWith(inside) &&
      isAgentId(address.slice(inside.length))
    ) return address;
    throw new SpawnError(
      `Cannot connect to an agent that '${this}' has made: it tells the address of another container`,
    );
  }

  async setTime(time: number): Promise<void> {
    await this.manager.set_time(time);
  }

  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    if (!this.#hasEnded) {
      if (this.#ending === null) this.#beginClose(graceMs);
      this.#endWithin(graceMs > 0 ? graceMs + EXIT_MS : 0, CLOSED_HERE);
    }
    await this.closed;
  }

  #beginClose(graceMs: number): void {
    this.#ending = CLOSED_HERE;
    this.#limit.abort(CLOSED_HERE);
    if (graceMs > 0) this.#host.close(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Names its address. */
  toString(): string {
    return `SpawnedContainer('${this.address}')`;
  }
}

function endedEarly({ what }: HostEnd): never {
  throw new StartProblem(`it ${what} before it had started`);
}

function isSpawnFailure(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.remoteName === "SpawnError";
}
