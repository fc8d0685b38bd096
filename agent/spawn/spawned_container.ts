import { abortable, within } from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import { RemoteError } from "../../channel/errors.ts";
import { runGuarded } from "../../channel/report.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { RpcServer } from "../../rpc/server.ts";
import { parseAddress } from "../../transports/address.ts";
import { observed, world } from "../../transports/internal.ts";
import { inodeOf, removeSocketOf } from "../../transports/socket_file.ts";
import { isAgentId } from "../address.ts";
import {
  type ContainerInternals,
  internalsOf,
} from "../_container_internals.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError, SpawnError } from "../errors.ts";
import type { Child } from "../links/_access.ts";
import { GRACE_MS } from "../supervision/_agent_lifecycle.ts";
import type { SpawnedCloseReason } from "./contract.ts";
import { type Control, type LineSource, listenForChild } from "./_control.ts";
import type { Host, HostEnd } from "./_host.ts";
import { reportedError, StderrTail } from "./_log.ts";
import type { Manager } from "./manager.ts";
import type { SpawnPlan } from "./_plan.ts";

/** The time for the end of a child whose container was closed. */
const EXIT_MS = 1_000;

/**
 * The time for the end of a child without its manager or its connection: it may
 * be about to end, as after `stop`.
 */
const LOSS_MS = 2_000;

/**
 * The time for cleaning up where there is hardly anything, and for reading what
 * the child had sent before it was gone.
 */
const LINGER_MS = 250;

const CLOSED_HERE: SpawnedCloseReason = {
  by: "local",
  code: "closed",
  message: "this side closed it",
};

const LOST: SpawnedCloseReason = {
  by: "error",
  code: "lost",
  message: "its manager or its connection was lost",
};

/** Stands for a process or Worker that was not started. */
const NO_HOST: Host = {
  ended: Promise.resolve({ message: "it was not started" }),
  kill() {},
};

/**
 * A container in a process or Worker of its own, which ends with it. Its parent
 * owns it, and this process stays alive until it is closed. Made by
 * `spawnContainer`.
 */
export class SpawnedContainer implements AsyncDisposable {
  /** The address of the container. */
  readonly address: string;
  readonly #parent: Container;
  readonly #internals: ContainerInternals;
  readonly #plan: SpawnPlan;
  readonly #token = world.uuid();
  readonly #stderr = new StderrTail();
  /** Aborts when the start is given up. */
  readonly #limit = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  /** Resolves to the time for closing. */
  readonly #closing = Promise.withResolvers<number>();
  readonly #closed = Promise.withResolvers<SpawnedCloseReason>();
  #server: RpcServer | null = null;
  #host = NO_HOST;
  #child: Child | null = null;
  #manager: Remote<Manager> | null = null;
  #ending: SpawnedCloseReason | null = null;
  #hasListened = false;
  /** The file of its socket, which a Worker that hangs may keep open. */
  #inode: number | null = null;
  /** Resolves when the connection or the manager is gone. */
  #lost: Promise<void> = Promise.resolve();

  /** Made by `spawnContainer`. */
  constructor(parent: Container, plan: SpawnPlan) {
    this.address = plan.address;
    this.#parent = parent;
    this.#internals = internalsOf(parent);
    this.#plan = plan;
    // The child may report before the start waits for it.
    this.#started.promise.catch(() => {});
  }

  /** Its manager, which serves the connection of the parent alone. */
  get manager(): Remote<Manager> {
    return this.#manager!;
  }

  /** The id of its process; `undefined` for a Worker. */
  get pid(): number | undefined {
    return this.#host.pid;
  }

  /**
   * Resolves to the reason when it is gone: its process or Worker has ended, its
   * last line was passed on, and its socket file is removed. Never rejects.
   */
  get closed(): Promise<SpawnedCloseReason> {
    return this.#closed.promise;
  }

  /**
   * Starts it, and waits until it can be used. If that fails nothing is left.
   *
   * @throws {SpawnError} If it does not start within `timeoutMs`.
   * @throws {ContainerClosedError} If the parent is closed before.
   * @throws {unknown} The reason of `signal`.
   */
  async start(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { address } = this;
    const onAbort = () => this.#limit.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = world.setTimer(timeoutMs, () => {
      const message = `it had not started after ${timeoutMs} ms`;
      this.#limit.abort(new SpawnError(message));
    });
    this.#internals.dependents.add(this);
    observed.by?.opened(
      this,
      "process",
      () => `${address}, ${this.pid ?? "a Worker"}`,
    );
    observed.by?.owned(this, this.#parent);
    const { credentials } = this.#plan.setup;
    const child = this.#internals.context.access.addChild(address, credentials);
    this.#child = child;
    this.closed.then(() => child[Symbol.dispose]());
    try {
      await this.#startHost();
      await this.#connect(this.#limit.signal);
    } catch (error) {
      await this.#giveUp();
      if (signal?.aborted) throw signal.reason;
      if (this.#ending !== CLOSED_HERE) {
        throw this.#stderr.error(address, error, this.#plan.hint);
      }
      throw new ContainerClosedError(
        `Cannot spawn a container at '${address}': its parent '${this.#parent.address}' was closed`,
      );
    } finally {
      timer.stop();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #startHost(): Promise<void> {
    const token = this.#token;
    this.#server = await listenForChild(
      this.#control(),
      token,
      (error) =>
        this.#internals.context.report(error, "callback", this.address),
    );
    observed.by?.owned(this.#server, this);
    this.#limit.signal.throwIfAborted();
    this.#host = this.#plan.startHost(
      { address: this.#server.address, token },
      (line, from) => this.#log(line, from),
    );
    this.#host.ended.then((end) => this.#tidy(end));
  }

  #control(): Control {
    return {
      setup: () => this.#plan.setup,
      untilClosing: () => this.#closing.promise,
      started: () => this.#started.resolve(),
      failed: (name, message) =>
        this.#started.reject(reportedError(name, message)),
    };
  }

  #log(line: string, from: LineSource): void {
    if (from === "stderr") this.#stderr.add(line);
    runGuarded(
      () => this.#plan.onLog(line, from),
      (error) =>
        this.#internals.context.report(error, "callback", this.address),
    );
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const endedEarly = this.#host.ended.then(({ message }) => {
      throw new SpawnError(`${message} before it had started`);
    });
    const started = Promise.race([this.#started.promise, endedEarly]);
    await abortable(started, signal);
    this.#hasListened = true;
    const path = socketPath(this.address);
    const isWorker = this.pid === undefined;
    if (path !== null && isWorker) this.#inode = await inodeOf(path);
    const address = `${this.address}/0`;
    // For this one connection, whoever listens there is taken for the child.
    const preauthorized = this.#child!.preauthorize();
    const manager = await this.#parent.connect<Manager>(address, { signal })
      .finally(() => preauthorized[Symbol.dispose]());
    await withOptions(manager, { signal }).admit(this.#token);
    this.#manager = manager;
    // It rejects when the parent closes, which ends the child as well.
    this.#lost = this.#parent.watch(address).then(() => {}, () => {});
    this.#lost.then(() => this.#endWithin(LOSS_MS, LOST));
  }

  /**
   * Lets it end by itself, as far as it can: it may be about to listen, or
   * listen where this side was refused.
   */
  async #giveUp(): Promise<void> {
    this.#ending ??= LOST;
    this.#closing.resolve(LINGER_MS);
    const { aborted } = this.#limit.signal;
    await within(aborted ? LINGER_MS : EXIT_MS, this.#host.ended);
    this.#host.kill();
    if (this.#host === NO_HOST) await this.#tidy(await NO_HOST.ended);
    await this.closed;
  }

  async #endWithin(timeMs: number, ending: SpawnedCloseReason): Promise<void> {
    await within(timeMs, this.#host.ended);
    this.#ending ??= ending;
    this.#host.kill();
  }

  async #tidy({ code, message }: HostEnd): Promise<void> {
    const byItself: SpawnedCloseReason = code === 0
      ? { by: "peer", code: "closed", message: "it was stopped" }
      : { by: "error", code: "ended", message };
    const reason = this.#ending ?? byItself;
    await this.#removeSocket();
    // If it never listened there, somebody else may.
    if (this.#hasListened) {
      await within(LINGER_MS, this.#lost);
      // A Worker's end of it may be open for ever.
      await this.#internals.links.cut(this.address);
      await this.#lost;
    }
    await this.#server?.close({ graceMs: 0 });
    this.#internals.dependents.delete(this);
    observed.by?.closed(this);
    const exit = code === undefined ? {} : { exitCode: code };
    this.#closed.resolve({ ...reason, ...exit });
  }

  async #removeSocket(): Promise<void> {
    const path = socketPath(this.address);
    try {
      if (path !== null) await removeSocketOf(path, this.#inode);
    } catch (error) {
      this.#internals.context.report(error, "callback", this.address);
    }
  }

  /**
   * Creates an agent there, and resolves to its proxy after its `onStart`.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @param name The class, as `module:Class`.
   * @param args The arguments of the constructor after the container.
   * @throws {SpawnError} If the name leads to no class of agents.
   * @throws {RemoteError} If the constructor or `onStart` throws.
   * @throws {ConnectionClosedError} If it is gone, or ends before the answer.
   */
  async spawn<T>(name: string, ...args: unknown[]): Promise<Remote<T>> {
    try {
      const made: unknown = await this.manager.spawn(name, ...args);
      const address = this.#checkMade(Array.isArray(made) ? made[1] : null);
      return await this.#parent.connect<T>(address);
    } catch (error) {
      const isSpawnError = error instanceof RemoteError &&
        error.remoteName === "SpawnError";
      throw isSpawnError
        ? new SpawnError(error.message, { cause: error })
        : error;
    }
  }

  /** Checks that the address which it reports for an agent is its own. */
  #checkMade(address: unknown): string {
    const inside = `${this.address}/`;
    if (
      typeof address === "string" && address.startsWith(inside) &&
      isAgentId(address.slice(inside.length))
    ) return address;
    throw new SpawnError(
      `Cannot connect to an agent that '${this}' has made: it reports the address of another container`,
    );
  }

  /**
   * Sets its clock, in seconds, and resolves after that.
   *
   * @throws {RemoteError} If the time is not later than the present one, or its
   * clock is the system's.
   * @throws {ConnectionClosedError} If it is gone, or ends before the answer.
   */
  async setTime(time: number): Promise<void> {
    await this.manager.set_time(time);
  }

  /**
   * Closes the container within `graceMs`, 1,000 by default, and ends its
   * process or Worker, which is killed if it is still there a second later; 0
   * kills it at once. Repeatable; joins a close in progress, which a shorter
   * time shortens; never rejects.
   */
  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    if (this.#ending === null) {
      this.#ending = CLOSED_HERE;
      this.#limit.abort(CLOSED_HERE);
      if (graceMs > 0) this.#closing.resolve(graceMs);
    }
    this.#endWithin(graceMs > 0 ? graceMs + EXIT_MS : 0, CLOSED_HERE);
    await this.closed;
  }

  /** Closes the container. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Names its address. */
  toString(): string {
    return `SpawnedContainer('${this.address}')`;
  }
}

/** The path of the Unix socket at an address, if it is one. */
function socketPath(address: string): string | null {
  const parsed = parseAddress(address);
  return "path" in parsed ? parsed.path : null;
}
