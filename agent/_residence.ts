import { within } from "../channel/_within.ts";
import { lifetime } from "../transports/lifetime.ts";
import type { AgentTask, Resident } from "./container_contract.ts";
import { ContainerClosedError } from "./errors.ts";
import type { FailurePolicy } from "./failure_policy.ts";

/** How long an agent that is closed gets where nothing else is asked for. */
export const GRACE_MS = 1_000;

/** What a residence tells its container. */
export interface Landlord {
  /** The container's address. */
  readonly address: string;
  /** The container. */
  readonly owner: object;
  /** The agent can be called from now on. */
  show(residence: Residence): void;
  /** The agent cannot be called any more, for a reason. */
  hide(residence: Residence, reason: string): void;
  /** The agent is gone; its id is free. */
  forget(residence: Residence): void;
  /** A task of the agent threw. */
  taskFailed(residence: Residence, error: unknown): void;
  /** What nobody awaits went wrong. */
  report(error: unknown, address: string): void;
}

/** What an agent may have, and nobody but its residence calls. */
interface Hooks {
  onStart?(): void | Promise<void>;
  onClose?(): void | Promise<void>;
}

type State = "new" | "starting" | "open" | "closing" | "closed";

/** The life of one agent in its container. */
export class Residence {
  readonly agent: Resident;
  readonly id: string;
  /** What becomes of the agent when a task of it throws. */
  readonly policy: FailurePolicy;
  readonly #landlord: Landlord;
  #state: State = "new";
  /** Whether it has begun, and so has something to finish. */
  #hasStarted = false;
  // Most agents are idle, and there may be very many: these are made when
  // needed.
  #controller: AbortController | null = null;
  #tasks: Set<Promise<void>> | null = null;
  #starting: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    agent: Resident,
    id: string,
    policy: FailurePolicy,
    landlord: Landlord,
  ) {
    this.agent = agent;
    this.id = id;
    this.policy = policy;
    this.#landlord = landlord;
    lifetime.observer?.opened(this, "agent", () => String(this.agent));
    lifetime.observer?.owned(this, landlord.owner);
  }

  get address(): string {
    return `${this.#landlord.address}/${this.id}`;
  }

  /** Aborts when the agent is closed. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isEnding) this.#abort();
    }
    return this.#controller.signal;
  }

  /** Whether there is something to do before the agent can be called. */
  get hasStartHook(): boolean {
    return this.#hooks.onStart !== undefined;
  }

  get #hooks(): Hooks {
    return this.agent as Hooks;
  }

  get #isEnding(): boolean {
    return this.#state === "closing" || this.#state === "closed";
  }

  /**
   * Runs `onStart`, and lets others see the agent after it. Once.
   *
   * @throws {unknown} What `onStart` throws; the agent is closed by then.
   */
  async start(): Promise<void> {
    if (this.#state === "new") this.#starting = this.#start();
    await this.#starting;
  }

  async #start(): Promise<void> {
    this.#state = "starting";
    try {
      await this.#hooks.onStart?.();
    } catch (error) {
      this.#starting = null;
      await this.close(GRACE_MS, "it could not start");
      throw error;
    }
    if (this.#isEnding) {
      this.#hasStarted = true;
      throw new ContainerClosedError(
        `Cannot start ${this.agent}: it was closed before it had started`,
      );
    }
    this.open();
  }

  /** Lets others see the agent. */
  open(): void {
    this.#state = "open";
    this.#hasStarted = true;
    this.#landlord.show(this);
  }

  /** Runs a task for as long as the agent lives. */
  run(task: AgentTask): void {
    if (this.#isEnding) {
      throw new ContainerClosedError(
        `Cannot run a task of ${this.agent}: the agent is closed`,
      );
    }
    const tasks = this.#tasks ??= new Set();
    const running = this.#run(task);
    tasks.add(running);
    running.then(() => tasks.delete(running));
  }

  async #run(task: AgentTask): Promise<void> {
    const { signal } = this;
    try {
      await task(signal);
    } catch (error) {
      // A task that was told to end may do so in any way.
      if (signal.aborted && isEnd(error, signal)) return;
      this.#landlord.taskFailed(this, error);
    }
  }

  /**
   * Closes the agent: calls do not reach it any more, its signal aborts, its
   * tasks end, and then `onClose` runs, all within `graceMs`. Repeatable;
   * joins a close in progress.
   */
  close(graceMs: number, reason: string): Promise<void> {
    return this.#closing ??= this.#close(graceMs, reason);
  }

  async #close(graceMs: number, reason: string): Promise<void> {
    const until = performance.now() + graceMs;
    this.#state = "closing";
    this.#landlord.hide(this, reason);
    this.#abort();
    await this.#settle(until);
    if (this.#hasStarted) await this.#finish(until);
    this.#state = "closed";
    this.#landlord.forget(this);
    lifetime.observer?.closed(this);
  }

  /** Waits for what was told to end by the signal. */
  async #settle(until: number): Promise<void> {
    const work = [...this.#tasks ?? []];
    if (this.#starting !== null) work.push(this.#starting.catch(() => {}));
    if (work.length === 0) return;
    await within(until - performance.now(), Promise.all(work));
  }

  async #finish(until: number): Promise<void> {
    if (this.#hooks.onClose === undefined) return;
    try {
      const closed = Promise.resolve(this.#hooks.onClose());
      await within(until - performance.now(), closed);
    } catch (error) {
      this.#landlord.report(error, this.address);
    }
  }

  #abort(): void {
    this.#controller?.abort(
      new DOMException("The agent is closed", "AbortError"),
    );
  }
}

/** Whether an error only says that the signal aborted. */
function isEnd(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason ||
    (error instanceof Error && error.name === "AbortError");
}
