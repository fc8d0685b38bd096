// Longer than most files: a spawned container, from its start to its end, is one
// public class.
import { abortable, Ending, within } from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { describeValue } from "../../channel/message.ts";
import { runGuarded } from "../../channel/report.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { RpcServer } from "../../rpc/server.ts";
import { parseAddress } from "../../transports/address.ts";
import { observed, world, type WorldTimer } from "../../transports/internal.ts";
import {
  inodeOf,
  removeSocketOf,
  removeTemporary,
} from "../../transports/socket_file.ts";
import { tlsAsText } from "../../transports/tls/credentials.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { ContainerContext } from "../_container_context.ts";
import { internalsOf } from "../_container_internals.ts";
import { isAgentId } from "../address.ts";
import {
  type ContainerTraffic,
  type HasParty,
  type HasWatched,
  type Party,
  party,
  type Watched,
  watched,
} from "../clock/_party.ts";
import type { Container } from "../container.ts";
import { SpawnError } from "../errors.ts";
import type { ChildAccess } from "../links/_access.ts";
import type { Links } from "../links/_links.ts";
import { GRACE_MS } from "../supervision/_agent_lifecycle.ts";
import type { Child } from "./_child.ts";
import { ChildParty } from "./_child_party.ts";
import type { SpawnedCloseReason } from "./contract.ts";
import { byAddress, type LineSource, listenForChild } from "./_control.ts";
import { type Host, type HostEnd, startHost } from "./_host.ts";
import type { SpawnPlan } from "./_plan.ts";
import { startError } from "./_start_error.ts";

/** The number of lines of stderr that an error contains. */
const KEPT_LINES = 20;

/**
 * The time limit for a Worker to run the files of this package, whose types
 * Deno may check first. Only then does its start time-out begin.
 */
const LOAD_MS = 120_000;

/** The time limit for a child to exit after its container was closed. */
const EXIT_MS = 1_000;

/** The time limit for a child to exit after its connection was lost. */
const LOSS_MS = 2_000;

/**
 * The time limit for ending a start that was cut short, and for reading the
 * messages that the child sent before it ended.
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
  message: "its connection was lost",
};

/** A placeholder for a process or Worker that was not started. */
const NO_HOST: Host = {
  ended: Promise.resolve({ message: "it was not started" }),
  kill() {},
};

/**
 * A container in its own process or Worker, which ends together with the
 * container. Its parent owns it, and this process stays alive until it is
 * closed. Made by `spawnContainer`.
 */
export class SpawnedContainer implements AsyncDisposable, HasParty, HasWatched {
  /** The address of the container. */
  readonly address: string;
  readonly #context: ContainerContext;
  readonly #links: Links;
  readonly #reportParent: () => ContainerTraffic;
  readonly #plan: SpawnPlan;
  readonly #child: ChildAccess;
  readonly #stderr: string[] = [];
  /** The timer of the start; `null` after the start. */
  #startTimer: WorldTimer | null = null;
  /** Ends an unfinished start. */
  readonly #starting = new Ending(() =>
    new SpawnError(
      this.#control === null && this.#plan.process === null
        ? `Deno had not loaded the files of this package within ${LOAD_MS} ms`
        : "it had not started within 'startTimeoutMs', raise that",
    )
  );
  readonly #connected = Promise.withResolvers<RpcClient<Child>>();
  readonly #closed = Promise.withResolvers<SpawnedCloseReason>();
  #tls: TlsOptions | undefined;
  #server: RpcServer<RpcClient<Child>> | null = null;
  #control: RpcClient<Child> | null = null;
  #host = NO_HOST;
  #ending: SpawnedCloseReason | null = null;
  #hasListened = false;
  /** Whether the start was cut short. */
  #isGivenUp = false;
  /**
   * The inode of the container's socket file, which a hanging Worker may keep
   * open.
   */
  #inode: number | null = null;

  /** Made by `spawnContainer`. */
  constructor(parent: Container, plan: SpawnPlan) {
    const { context, dependents, links, report } = internalsOf(parent);
    this.#reportParent = report;
    this.address = plan.address;
    this.#context = context;
    this.#links = links;
    this.#plan = plan;
    this.#tls = plan.tls ?? undefined;
    const { credentials } = plan.setup;
    this.#child = { credentials, isPreauthorized: false };
    context.access.children.set(this.address, this.#child);
    const dependent = {
      close: (options: CloseOptions) => this.close(options),
      takeCertificate: () => this.#takeCertificate(),
    };
    dependents.add(dependent);
    this.closed.then(() => dependents.delete(dependent));
    observed.by?.opened(
      this,
      "process",
      () => `${this.address}, ${this.pid ?? "a Worker"}`,
    );
    observed.by?.owned(this, parent);
  }

  /** The id of the process; `undefined` for a Worker. */
  get pid(): number | undefined {
    return this.#host.pid;
  }

  /**
   * Resolves to the reason when the container is gone: its process or Worker
   * has ended, its last line was passed on, and its socket file is removed.
   * Never rejects.
   */
  get closed(): Promise<SpawnedCloseReason> {
    return this.#closed.promise;
  }

  /**
   * Starts the container, and waits until it is ready. If the start fails,
   * nothing is left behind.
   *
   * @throws {SpawnError} If the container does not start within `timeoutMs`.
   * @throws {ContainerClosedError} If the parent closes during the start.
   * @throws {unknown} The reason of `signal`.
   */
  async start(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const isWorker = this.#plan.process === null;
    const loadMs = isWorker ? Math.max(LOAD_MS, timeoutMs) : timeoutMs;
    const limit = (ms: number) =>
      world.setTimer(ms, () => this.#starting.end());
    this.#startTimer = limit(loadMs);
    const onConnected = () => {
      if (!isWorker || this.#startTimer === null) return;
      this.#startTimer.stop();
      this.#startTimer = limit(timeoutMs);
    };
    this.#connected.promise.then(onConnected);
    const { traffic } = this.#links;
    traffic.pending++;
    try {
      await this.#starting.before(signal, (ending) => this.#start(ending));
    } catch (error) {
      await this.#giveUp(this.#starting.isOver || signal?.aborted);
      if (signal?.aborted) throw signal.reason;
      if (this.#ending === CLOSED_HERE) {
        throw this.#context.closedError("spawn a container");
      }
      throw startError(this.#plan, error, this.#stderr);
    } finally {
      this.#startTimer.stop();
      this.#startTimer = null;
      traffic.pending--;
    }
    // The parent's certificate may have been renewed during the start.
    if (this.#tls !== this.#context.tls) await this.#takeCertificate();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const token = world.uuid();
    const { serializers, timeoutMs } = this.#context.options;
    const server = this.#server = await listenForChild<Child>(token, {
      serializers,
      timeoutMs,
      resolver: byAddress(() => this.#links),
      onConnect: this.#connected.resolve,
      onError: this.#report,
    });
    observed.by?.owned(server, this);
    signal.throwIfAborted();
    const point = {
      address: server.address,
      token,
      serializers: this.#plan.setup.serializers.length,
    };
    this.#host = startHost(
      this.#plan,
      point,
      (line, from) => this.#log(line, from),
    );
    const { ended } = this.#host;
    ended.then((end) => this.#tidy(end));
    const endedEarly = ended.then(({ message }) => {
      throw new SpawnError(`${message} before it had started`);
    });
    const opened = this.#open(signal).catch((error) => {
      // The way in which the child ended explains more than the lost
      // connection.
      if (error instanceof ConnectionClosedError) return endedEarly;
      throw error;
    });
    await abortable(Promise.race([opened, endedEarly]), signal);
    this.#hasListened = true;
    const path = socketPath(this.address);
    const isWorker = this.pid === undefined;
    if (path !== null && isWorker) this.#inode = await inodeOf(path);
    // For this connection only, any program that listens there counts as the
    // child.
    this.#child.isPreauthorized = true;
    this.#context.access.name(this.address);
    // There is no agent yet: this only connects.
    await this.#links.route(`${this.address}/0`, signal)
      .finally(() => this.#child.isPreauthorized = false);
  }

  async #open(signal: AbortSignal): Promise<void> {
    const control = this.#control = await this.#connected.promise;
    control.closed.then(() => this.#endWithin(LOSS_MS, LOST));
    const remote = withOptions(control.remote, { signal, timeoutMs: Infinity });
    await remote.open(this.#plan.setup);
  }

  readonly #report = (error: unknown): void =>
    this.#context.report(error, "callback", this.address);

  #log(line: string, from: LineSource): void {
    // The child only reports that this side does not wait for it any more.
    if (this.#isGivenUp) return;
    if (from === "stderr") {
      this.#stderr.push(line);
      if (this.#stderr.length > KEPT_LINES) this.#stderr.shift();
    }
    runGuarded(() => this.#plan.onLog(line, from), this.#report);
  }

  /**
   * Lets the child end by itself, if it can. It may be about to listen, or may
   * be listening but has refused this side.
   */
  async #giveUp(isRushed = false): Promise<void> {
    this.#ending ??= LOST;
    this.#isGivenUp = isRushed;
    await this.#server?.close({ graceMs: 0 });
    await this.#endWithin(isRushed ? LINGER_MS : EXIT_MS, LOST);
    if (this.#host === NO_HOST) await this.#tidy(await NO_HOST.ended);
    await this.closed;
  }

  async #endWithin(timeMs: number, ending: SpawnedCloseReason): Promise<void> {
    await within(timeMs, this.#host.ended);
    this.#ending ??= ending;
    this.#host.kill();
  }

  async #tidy({ code: exitCode, message }: HostEnd): Promise<void> {
    const byItself: SpawnedCloseReason = exitCode === 0
      ? { by: "peer", code: "closed", message: "it closed its own container" }
      : { by: "error", code: "ended", message };
    const reason = this.#ending ?? byItself;
    const path = socketPath(this.address);
    if (path !== null) {
      const { temporaryName } = this.#plan.setup;
      await removeTemporary(path, temporaryName).catch(this.#report);
      await removeSocketOf(path, this.#inode).catch(this.#report);
    }
    // If the child never listened there, another program may.
    if (this.#hasListened) await this.#links.cut(this.address, LINGER_MS);
    await this.#server?.close({ graceMs: 0 });
    this.#context.access.removeChild(this.address);
    observed.by?.closed(this);
    this.#closed.resolve({
      ...reason,
      ...(exitCode !== undefined && { exitCode }),
    });
  }

  /**
   * Creates an agent in the container. Resolves to its proxy after its
   * `onStart`.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @param name The class, in the form `module:Class`.
   * @param args The arguments of the constructor after the container.
   * @throws {TypeError} If `name` is not a string.
   * @throws {SpawnError} If `name` does not lead to a class of agents.
   * @throws {RemoteError} If the constructor or `onStart` throws.
   * @throws {ConnectionClosedError} If the container is gone, or ends before it
   * answers.
   */
  async spawn<T>(name: string, ...args: unknown[]): Promise<Remote<T>> {
    if (typeof name !== "string") {
      throw new TypeError(
        `Cannot spawn an agent in '${this.address}': its class is ${
          describeValue(name)
        }, name it as 'module:Class'`,
      );
    }
    const { traffic } = this.#links;
    traffic.pending++;
    const id: unknown = await this.#control!.remote.spawn(name, ...args)
      .catch(async (error) => {
        const isSpawnError = error instanceof RemoteError &&
          error.remoteName === "SpawnError";
        if (isSpawnError) throw new SpawnError(error.message, { cause: error });
        throw await this.#explained("spawn an agent", error);
      })
      .finally(() => traffic.pending--);
    if (isAgentId(id)) {
      return await this.#links.agent(`${this.address}/${id}`) as Remote<T>;
    }
    throw new SpawnError(
      `Cannot connect to an agent that '${this}' has made: it reports no id of an agent`,
    );
  }

  /**
   * Sets the time of the container's clock, in seconds. Resolves once it is
   * set.
   *
   * @throws {RemoteError} If the time is not later than the present time, or
   * the container uses the system's clock.
   * @throws {ConnectionClosedError} If the container is gone, or ends before it
   * answers.
   */
  async setTime(time: number): Promise<void> {
    try {
      await this.#control!.remote.setTime(time);
    } catch (error) {
      throw await this.#explained("set the time", error);
    }
  }

  /**
   * Returns the error of a call to the child. If the child is gone, the error
   * says how it ended.
   */
  async #explained(act: string, error: unknown): Promise<unknown> {
    if (!(error instanceof ConnectionClosedError)) return error;
    const { by, code, sent } = error;
    const { message } = await this.closed;
    return new ConnectionClosedError(
      `Cannot ${act} in '${this.address}': ${message}`,
      { by, code, sent, cause: error },
    );
  }

  /**
   * Switches the container to renewed certificates. If it uses its parent's
   * certificates, `renewCertificate` of the parent does the same. Files are
   * read by this process.
   *
   * @throws {TypeError} If the certificates cannot be used. The container keeps
   * its current ones.
   * @throws {RemoteError} If the container does not use TLS.
   * @throws {ConnectionClosedError} If the container is gone, or ends before it
   * answers.
   */
  async renewCertificate(changes: TlsOptions = {}): Promise<void> {
    const tls = { ...this.#tls, ...changes };
    await this.#control!.remote.renewCertificate(await tlsAsText(tls));
    this.#tls = tls;
  }

  /** Switches to the parent's renewed certificate, if the container uses it. */
  async #takeCertificate(): Promise<void> {
    if (!this.#plan.inheritsTls || this.#startTimer !== null) return;
    this.#tls = this.#context.tls;
    try {
      await this.renewCertificate();
    } catch (error) {
      // The container has ended, and needs no certificate.
      if (!(error instanceof ConnectionClosedError)) throw error;
    }
  }

  /**
   * Closes the container within `graceMs`, by default 1,000, and ends its
   * process or Worker, which is killed if it still exists one second later.
   * With 0, it is killed at once. Can be called repeatedly; joins a close in
   * progress, and may shorten it; never rejects.
   */
  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    if (this.#ending === null) {
      this.#ending = CLOSED_HERE;
      this.#starting.end();
      if (graceMs > 0) this.#control?.remote.close(graceMs).catch(() => {});
    }
    this.#endWithin(graceMs > 0 ? graceMs + EXIT_MS : 0, CLOSED_HERE);
    await this.closed;
  }

  /** Lets `fastForward` and `paceClock` run the container's clock. */
  [party](): Party {
    return new ChildParty(this.#control!, this.#reportParent);
  }

  /** Lets `quiescent` watch the container. */
  [watched](): Watched {
    const { remote } = this.#control!;
    return {
      isRemote: true,
      settle: (signal) =>
        withOptions(remote, { signal, timeoutMs: Infinity }).watch(),
    };
  }

  /** Closes the container. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Returns the class name and the address. */
  toString(): string {
    return `SpawnedContainer('${this.address}')`;
  }
}

/**
 * Returns the path of the Unix socket at an address; `null` for another
 * address.
 */
function socketPath(address: string): string | null {
  const parsed = parseAddress(address);
  return "path" in parsed ? parsed.path : null;
}
