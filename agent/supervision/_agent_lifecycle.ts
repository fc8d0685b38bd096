// Longer than most files: keeps all states of an agent together.
import { abortable, within } from "../../channel/internal.ts";
import { describeThrown } from "../../channel/message.ts";
import type { CallQueue, QueuedCall } from "../../rpc/service/call_queue.ts";
import type { ExposeOptions } from "../../rpc/service/expose.ts";
import { observed } from "../../transports/internal.ts";
import type { ContainerContext } from "../_container_context.ts";
import type { AgentLike, AgentTask, FailurePolicy } from "../agent_options.ts";
import { withinBy } from "../clock/_clock_waits.ts";
import { ContainerClosedError } from "../errors.ts";
import { actAs, currentOrigin } from "../messages/_acting.ts";
import {
  AgentMemory,
  hasState,
  type Rememberer,
} from "../state/_agent_memory.ts";
import type { StateKeeper } from "../state/_state_keeper.ts";
import type { Deadlocks } from "../messages/_deadlocks.ts";
import { Mailbox, type MailboxOwner } from "../messages/_mailbox.ts";
import {
  AgentTasks,
  observeWork,
  runAs,
  type TaskOwner,
} from "./_agent_tasks.ts";

/** The default time limit for closing an agent or a container. */
export const GRACE_MS = 1_000;

/**
 * The states of an agent, in order. An agent can be closed in each of the first
 * three states. Only a running agent can be called. `onClose` runs only if the
 * agent was running, or if its `onStart` succeeds while it is closing.
 */
export type AgentState =
  | { readonly tag: "new" }
  | {
    readonly tag: "starting";
    /** Resolves to whether `onStart` has succeeded. */
    readonly hook: Promise<boolean>;
  }
  | { readonly tag: "running" }
  | EndState;

interface EndState {
  readonly tag: "closing" | "closed";
  /** A short reason, for people and logs. */
  readonly reason: string;
  /** Whether the agent has failed; false if it was closed on purpose. */
  readonly isFailure: boolean;
}

const NEW: AgentState = { tag: "new" };
const RUNNING: AgentState = { tag: "running" };

/** The supervisor, as seen by the lifecycles of its agents. */
export interface AgentHost {
  /** The container, which owns the agents. */
  readonly context: ContainerContext;
  /** The number of calls that wait for their turns. */
  waiting: number;
  /** The number of calls that were refused because too many were waiting. */
  refused: number;
  /** Finds agents that wait for each other. */
  readonly deadlocks: Deadlocks;
  /** Returns the keeper of an agent's state. */
  keeperOf(lifecycle: AgentLifecycle): StateKeeper;
  /** Returns the error for a call to an agent that does not exist. */
  missing(id: string): Error;
  /** Called when the agent starts running, begins to close, or is closed. */
  onState(lifecycle: AgentLifecycle): void;
  /** Called when a task of the agent has thrown. */
  onTaskFailure(lifecycle: AgentLifecycle, error: unknown): void;
}

/**
 * Runs the method of a call when its turn comes. Returns the result for the
 * caller, or throws.
 */
export type AgentGuard = (step: () => unknown) => unknown;

/** The hooks of an agent, which are protected members of its class. */
interface Hooks {
  onStart?(): void | Promise<void>;
  onClose?(): void | Promise<void>;
}

/** The life of one agent: its state, its tasks and its watchers. */
export class AgentLifecycle
  implements CallQueue, MailboxOwner, Rememberer, TaskOwner {
  readonly agent: AgentLike;
  readonly id: string;
  /**
   * Whether the agent's id was chosen, so that a later agent can have the same
   * id.
   */
  readonly hasChosenId: boolean;
  readonly policy: FailurePolicy;
  /** Wraps the method of each call, if set. */
  guard: AgentGuard | null = null;
  /** Whether a failure of the agent is being escalated. */
  isBroken = false;
  /** The most calls that may wait; 0 if calls run concurrently. */
  readonly mostWaiting: number;
  /** The agent that owns this one; `null` if the container does. */
  readonly parent: AgentLifecycle | null;
  readonly #host: AgentHost;
  #state: AgentState = NEW;
  // There may be very many agents, most of them idle, so the rest is created on
  // demand.
  #controller: AbortController | null = null;
  #tasks: AgentTasks | null = null;
  #watchers: Set<(reason: string) => void> | null = null;
  #mailbox: Mailbox | null = null;
  #children: Set<AgentLifecycle> | null = null;
  #memory: AgentMemory | null = null;
  /** Resolves when no call is running. Set while the end waits for that. */
  #quiet: PromiseWithResolvers<void> | null = null;
  /**
   * Whether the agent's own code has closed it, and so may be waiting for the
   * end.
   */
  #isClosedByItself = false;
  #opened: PromiseWithResolvers<void> | null = null;
  #stopped: PromiseWithResolvers<void> | null = null;
  #hasStopped = false;
  #closed: PromiseWithResolvers<void> | null = null;
  /** Ends the waits of a close whose time is up. */
  #cut: PromiseWithResolvers<void> | null = null;

  constructor(
    agent: AgentLike,
    { id, isChosen }: { readonly id: string; readonly isChosen: boolean },
    policy: FailurePolicy,
    mostWaiting: number,
    host: AgentHost,
    parent: AgentLifecycle | null = null,
  ) {
    if (parent !== null) parent.#adopt(this);
    this.parent = parent;
    this.agent = agent;
    this.id = id;
    this.hasChosenId = isChosen;
    this.policy = policy;
    this.mostWaiting = mostWaiting;
    this.#host = host;
    observed.by?.opened(this, "agent", () => String(this.agent));
    observed.by?.owned(this, host.context.container);
  }

  get address(): string {
    return `${this.#host.context.address}/${this.id}`;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Aborts when the agent begins to close. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.isClosing) this.#abort();
    }
    return this.#controller.signal;
  }

  /** Whether the agent is closing or closed. */
  get isClosing(): boolean {
    return this.#end !== null;
  }

  /** Whether the agent is closing or closed because it has failed. */
  get hasFailed(): boolean {
    return this.#end?.isFailure ?? false;
  }

  /** Whether the agent is closed, or closing because it has failed. */
  get isLost(): boolean {
    return this.hasFailed || this.#state.tag === "closed";
  }

  /** Whether the agent has work to do before it can be called. */
  get hasStartHook(): boolean {
    return this.#hooks.onStart !== undefined || hasState(this.agent);
  }

  /** Resolves when the agent runs; `null` if it already runs, or is closed. */
  get opening(): Promise<void> | null {
    if (this.#state === RUNNING || this.isClosing) return null;
    return (this.#opened ??= Promise.withResolvers<void>()).promise;
  }

  /**
   * Resolves when everything but saving the state is done. Agents need not wait
   * for each other to save their states.
   */
  get stopped(): Promise<void> {
    this.#stopped ??= Promise.withResolvers<void>();
    if (this.#hasStopped) this.#stopped.resolve();
    return this.#stopped.promise;
  }

  get #end(): EndState | null {
    return "reason" in this.#state ? this.#state : null;
  }

  get #hooks(): Hooks {
    return this.agent as Hooks;
  }

  /** Resolves when the agent is closed. */
  get #ended(): PromiseWithResolvers<void> {
    return this.#closed ??= Promise.withResolvers<void>();
  }

  /**
   * Runs `onStart`, and then opens the agent. Called once.
   *
   * @throws {unknown} The error of `onStart`, after the agent is closed.
   * @throws {ContainerClosedError} If the agent is closed before it runs.
   */
  async start(): Promise<void> {
    let options: ErrorOptions = {};
    try {
      if (this.hasStartHook && !this.isClosing) await this.#runOnStart();
      if (!this.isClosing) return this.open();
    } catch (cause) {
      if (!this.isClosing) {
        await this.fail(
          GRACE_MS,
          `it could not start: ${describeThrown(cause)}`,
        );
        throw cause;
      }
      options = { cause };
    }
    await this.#ended.promise;
    throw new ContainerClosedError(
      `Cannot start ${this.agent}: ${this.#end?.reason}`,
      options,
    );
  }

  /** Waits for `onStart`, or until the agent is closed. */
  async #runOnStart(): Promise<void> {
    const { promise: hook, resolve } = Promise.withResolvers<boolean>();
    // Set first, since the hook may close the agent.
    this.#state = { tag: "starting", hook };
    const run = async () => {
      try {
        await runAs(this, () => this.#startHooks());
        resolve(true);
      } finally {
        resolve(false);
      }
    };
    const running = run();
    observeWork(this, running, "onStart");
    await Promise.race([running, this.#ended.promise]);
  }

  async #startHooks(): Promise<void> {
    if (hasState(this.agent)) await this.memory.restore();
    // Skipped if the agent was closed meanwhile.
    if (!this.isClosing) await this.#hooks.onStart?.();
  }

  /** The state of the agent that can survive it. */
  get memory(): AgentMemory {
    return this.#memory ??= new AgentMemory(this, this.#host.keeperOf(this));
  }

  /** Waits for the running call, if calls run one at a time. */
  async #callsEnded(): Promise<void> {
    if (this.#isClosedByItself || (this.#mailbox?.isIdle ?? true)) return;
    this.#quiet = Promise.withResolvers<void>();
    await this.#quiet.promise;
  }

  /** Saves or deletes the state at the end. Never rejects. */
  async #endMemory(memory: AgentMemory): Promise<void> {
    const hasFailed = this.hasFailed || this.isBroken;
    try {
      if (!hasFailed) await this.#callsEnded();
      await memory.end(hasFailed);
    } catch (error) {
      this.#host.context.report(error, "task", this.address);
    }
  }

  /** Makes the agent callable. */
  open(): void {
    this.#state = RUNNING;
    this.#host.onState(this);
    this.#opened?.resolve();
  }

  enter(
    call: QueuedCall,
    { concurrent }: ExposeOptions,
    method: () => unknown,
  ): unknown {
    const { guard } = this;
    const step = guard === null ? method : () => guard(method);
    if (concurrent || this.mostWaiting === 0) {
      const turns = call.origin?.turns ?? [];
      return actAs({ agent: this.id, turns }, step);
    }
    this.#mailbox ??= new Mailbox(this, () => this.#quiet?.resolve());
    return this.#mailbox.run(call, step);
  }

  countWaiting(change: 1 | -1): void {
    this.#host.waiting += change;
  }

  get deadlocks(): Deadlocks {
    return this.#host.deadlocks;
  }

  countRefused(): void {
    this.#host.refused++;
  }

  /**
   * Runs a task of the agent. Resolves when the task has ended in any way.
   *
   * @throws {ContainerClosedError} If the agent is closed.
   */
  run(task: AgentTask): Promise<void> {
    this.#tasks ??= new AgentTasks(this);
    return this.#tasks.run(task);
  }

  onTaskFailure(error: unknown): void {
    this.#host.onTaskFailure(this, error);
  }

  /**
   * Makes this agent the owner of a new one.
   *
   * @throws {ContainerClosedError} If the agent is closed.
   */
  #adopt(child: AgentLifecycle): void {
    if (this.isClosing) {
      throw new ContainerClosedError(
        `Cannot spawn a child of ${this.agent}: the agent is closed`,
      );
    }
    (this.#children ??= new Set()).add(child);
  }

  /**
   * Closes the children, newest first. `cut` resolves when their time is up.
   */
  async #closeChildren(cut: Promise<void>): Promise<void> {
    const reason = `its parent '${this.address}' was closed`;
    const ends: Promise<void>[] = [];
    for (const child of [...this.#children ?? []].reverse()) {
      cut.then(() => child.close(0, reason));
      ends.push(child.close(Infinity, reason));
      await child.stopped;
    }
    await Promise.all(ends);
  }

  /**
   * Resolves to a reason when the agent begins to close. Rejects with the
   * reason of `signal`.
   */
  async watch(signal: AbortSignal | undefined): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const stop = this.onGone(resolve);
    try {
      return await abortable(promise, signal);
    } finally {
      stop();
    }
  }

  /**
   * Calls `watcher` with a reason when the agent begins to close. Returns a
   * function that ends the watch, and returns whether it was still active.
   */
  onGone(watcher: (reason: string) => void): () => boolean {
    const watchers = this.#watchers ??= new Set();
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }

  /**
   * Closes the agent because it has failed. `graceMs` is measured by the clock
   * of the container, like everything that follows from a failure.
   */
  fail(graceMs: number, reason: string): Promise<void> {
    const { clock } = this.#host.context;
    return this.#closeWithin(
      reason,
      true,
      (ended) => graceMs > 0 ? withinBy(clock, graceMs, ended) : null,
    );
  }

  /**
   * Closes the agent: no call reaches it, its signal aborts, its tasks end, its
   * children are closed, and then `onClose` runs, all within `graceMs`. Can be
   * called repeatedly; joins a close in progress, and may shorten it. Never
   * rejects.
   */
  close(graceMs: number, reason: string): Promise<void> {
    return this.#closeWithin(
      reason,
      false,
      (ended) => graceMs > 0 ? within(graceMs, ended) : null,
    );
  }

  /**
   * `grace` returns a promise that resolves when the time is up or the agent
   * has ended; `null` for no time.
   */
  async #closeWithin(
    reason: string,
    isFailure: boolean,
    grace: (ended: Promise<void>) => Promise<void> | null,
  ): Promise<void> {
    const from = this.#state;
    if (from.tag === "closed") return;
    if (currentOrigin()?.agent === this.id) {
      this.#isClosedByItself = true;
      this.#quiet?.resolve();
    }
    const cut = this.#cut ??= Promise.withResolvers<void>();
    const { promise: ended } = this.#ended;
    const over = grace(ended);
    if (over === null) cut.resolve();
    else over.then(cut.resolve);
    if (from.tag !== "closing") {
      const end: EndState = { tag: "closing", reason, isFailure };
      this.#state = end;
      this.#close(from, end, cut.promise);
    }
    await ended;
  }

  async #close(
    from: AgentState,
    end: EndState,
    cut: Promise<void>,
  ): Promise<void> {
    this.#host.onState(this);
    this.#mailbox?.close(this.#host.missing(this.id));
    const watchers = [...this.#watchers ?? []];
    this.#watchers?.clear();
    for (const notify of watchers) notify(end.reason);
    this.#abort();
    let hasStarted = from.tag === "running";
    const work: Promise<unknown>[] = [...this.#tasks?.running ?? []];
    if (from.tag === "starting") {
      work.push(from.hook.then((isThrough) => hasStarted = isThrough));
    }
    if (work.length > 0) await Promise.race([Promise.all(work), cut]);
    await this.#closeChildren(cut);
    if (hasStarted && this.#hooks.onClose !== undefined) {
      const closing = this.#runOnClose();
      observeWork(this, closing, "onClose");
      await Promise.race([closing, cut]);
    }
    this.#hasStopped = true;
    this.#stopped?.resolve();
    if (hasStarted && hasState(this.agent)) {
      await Promise.race([this.#endMemory(this.memory), cut]);
    }
    this.#state = { ...end, tag: "closed" };
    if (this.parent !== null) this.parent.#children!.delete(this);
    this.#host.onState(this);
    observed.by?.closed(this);
    this.#ended.resolve();
  }

  /** Never rejects, even after the close has stopped waiting for it. */
  async #runOnClose(): Promise<void> {
    try {
      await runAs(this, () => this.#hooks.onClose!());
    } catch (error) {
      this.#host.context.report(error, "task", this.address);
    }
  }

  #abort(): void {
    this.#controller?.abort(
      new DOMException("The agent is closed", "AbortError"),
    );
  }
}
