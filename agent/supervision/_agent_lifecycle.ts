import { ConnectionClosedError } from "../../channel/errors.ts";
import { failureText } from "../../channel/message.ts";
import { observed } from "../../transports/internal.ts";
import { Closing } from "./_closing.ts";
import type { AgentTask, Resident } from "../container_contract.ts";
import { ClockClosedError, ContainerClosedError } from "../errors.ts";
import type { FailurePolicy } from "../failure_policy.ts";

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

/** An `onStart` that is running. */
interface Starting {
  /** Resolves when it is through, whether it threw or not. */
  readonly through: Promise<void>;
  /** Nobody waits for it any more. */
  readonly giveUp: () => void;
}

/** The life of one agent in its container. */
export class Residence {
  readonly agent: Resident;
  readonly id: string;
  /** What becomes of the agent when a task of it throws. */
  readonly policy: FailurePolicy;
  readonly #landlord: Landlord;
  /** Whether it has begun, and so has something to finish. */
  #hasStarted = false;
  #hasFailed = false;
  // Most agents are idle, and there may be very many: these are made when
  // needed.
  #controller: AbortController | null = null;
  #tasks: Set<Promise<void>> | null = null;
  #starting: Starting | null = null;
  #closing: Closing | null = null;

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
    observed.by?.opened(this, "agent", () => String(this.agent));
    observed.by?.owned(this, landlord.owner);
  }

  get address(): string {
    return `${this.#landlord.address}/${this.id}`;
  }

  /** Aborts when the agent is closed. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.isEnding) this.#abort();
    }
    return this.#controller.signal;
  }

  /** Whether there is something to do before the agent can be called. */
  get hasStartHook(): boolean {
    return this.#hooks.onStart !== undefined;
  }

  /** Whether its start is through. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Whether it is closed, or being closed. */
  get isEnding(): boolean {
    return this.#closing !== null;
  }

  /** Whether it is closed because something in it failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get #hooks(): Hooks {
    return this.agent as Hooks;
  }

  /**
   * Runs `onStart`, and lets others see the agent after it. Once.
   *
   * @throws {unknown} What `onStart` throws; the agent is closed by then.
   * @throws {ContainerClosedError} If the agent is closed before it is through.
   */
  async start(): Promise<void> {
    try {
      if (this.hasStartHook && !this.isEnding) await this.#runStartHook();
    } catch (error) {
      if (this.isEnding) await this.#failToStart({ cause: error });
      await this.fail(GRACE_MS, `it could not start: ${describe(error)}`);
      throw error;
    }
    if (this.isEnding) await this.#failToStart();
    this.open();
  }

  /** Waits for `onStart`, but not beyond a close that gives it up. */
  async #runStartHook(): Promise<void> {
    const { promise: through, resolve } = Promise.withResolvers<void>();
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
    // Set first, since the hook may close the agent at once.
    this.#starting = { through, giveUp };
    try {
      await Promise.race([this.#runOnStart(resolve), givenUp]);
    } finally {
      this.#starting = null;
    }
  }

  async #runOnStart(through: () => void): Promise<void> {
    try {
      await this.#hooks.onStart!();
      this.#hasStarted = true;
    } finally {
      through();
    }
  }

  /** Throws when the close that came before the start is done. */
  async #failToStart(options?: ErrorOptions): Promise<never> {
    const { done, reason } = this.#closing!;
    await done;
    throw new ContainerClosedError(
      `Cannot start ${this.agent}: ${reason}`,
      options,
    );
  }

  /** Lets others see the agent. */
  open(): void {
    this.#hasStarted = true;
    this.#landlord.show(this);
  }

  /** Runs a task for as long as the agent lives. */
  run(task: AgentTask): void {
    if (this.isEnding) {
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

  /** Closes the agent since something in it failed. */
  fail(graceMs: number, reason: string): Promise<void> {
    if (!this.isEnding) this.#hasFailed = true;
    return this.close(graceMs, reason);
  }

  /**
   * Closes the agent: calls do not reach it any more, its signal aborts, its
   * tasks end, and then `onClose` runs, all within `graceMs`. Repeatable;
   * joins a close in progress, which it may make shorter. Never rejects.
   */
  close(graceMs: number, reason: string): Promise<void> {
    // What is told of the close may close the agent, too.
    const joined = this.#closing;
    const closing = this.#closing ??= new Closing(this, reason);
    closing.within(graceMs);
    if (joined === null) this.#close(closing);
    return closing.done;
  }

  async #close(closing: Closing): Promise<void> {
    this.#landlord.hide(this, closing.reason);
    this.#abort();
    await this.#settle(closing);
    if (this.#hasStarted) await this.#finish(closing);
    this.#landlord.forget(this);
    observed.by?.closed(this);
    closing.end();
    this.#starting?.giveUp();
  }

  /** Waits for what was told to end by the signal. */
  async #settle(closing: Closing): Promise<void> {
    const work = [...this.#tasks ?? []];
    if (this.#starting !== null) work.push(this.#starting.through);
    if (work.length > 0) await closing.wait(Promise.all(work));
  }

  async #finish(closing: Closing): Promise<void> {
    if (this.#hooks.onClose === undefined) return;
    await closing.wait(this.#runOnClose());
  }

  /** Never rejects, also after the close that has given it up. */
  async #runOnClose(): Promise<void> {
    try {
      await this.#hooks.onClose!();
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

/** What went wrong, in a few words. Never throws. */
export function describe(error: unknown): string {
  return failureText(error).trimEnd();
}

/** Whether an error only says that the agent, or all around it, is closed. */
function isEnd(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  try {
    return error instanceof ContainerClosedError ||
      error instanceof ClockClosedError ||
      (error instanceof ConnectionClosedError && error.by === "local") ||
      (error instanceof Error && error.name === "AbortError");
  } catch {
    // Anything can be thrown, such as what cannot even be looked at.
    return false;
  }
}
