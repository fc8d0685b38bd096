import { Backoff } from "../../channel/timers/_backoff.ts";
import type { Resident } from "../container_contract.ts";
import type { ResolvedRestartPolicy } from "./_restart_policy.ts";
import { describe, GRACE_MS, type Residence } from "./_agent_lifecycle.ts";

const origins = new WeakMap<Residence, Origin>();

/** Ids of agents that are being made anew are kept for them. */
interface Run {
  readonly origin: Origin;
}

/** How an agent was made, by which it can be made again. */
export class Origin {
  /** Makes the agent. */
  readonly make: () => Resident;
  readonly #prototype: object;
  #residence: Residence | null = null;
  #id: string | undefined;
  #policy: ResolvedRestartPolicy | null = null;
  #backoff: Backoff | null = null;
  /** When it was restarted lately. */
  #restarts: number[] = [];

  /** `make` makes an agent whose prototype is `prototype`. */
  constructor(prototype: object, make: () => Resident) {
    this.#prototype = prototype;
    this.make = make;
  }

  /** Whether it is this that `agent` is made by, and not by what it makes. */
  isOf(agent: Resident): boolean {
    return Object.getPrototypeOf(agent) === this.#prototype;
  }

  /** The origin of an agent that is to be restarted; else `null`. */
  static of(residence: Residence): Origin | null {
    return origins.get(residence) ?? null;
  }

  /** Whether somebody closed the newest agent that it made. */
  get wasClosed(): boolean {
    const residence = this.#residence;
    return residence !== null && residence.isEnding && !residence.hasFailed;
  }

  /** The id that it keeps, once it has one. */
  get id(): string | undefined {
    return this.#id;
  }

  /** The agent was made, and told what it asks for. */
  named(
    id: string,
    policy: ResolvedRestartPolicy | null,
    residence: Residence,
  ): void {
    if (policy === null) return;
    this.#residence = residence;
    this.#id = id;
    this.#policy = policy;
    origins.set(residence, this);
  }

  /** Counts a restart; `false` if it would be one too many. */
  mayRestart(): boolean {
    const { restarts, withinMs } = this.#policy!;
    const now = performance.now();
    this.#restarts = this.#restarts.filter((at) => at > now - withinMs);
    // What went well for so long begins with short waits again.
    if (this.#restarts.length === 0) this.#backoff?.reset();
    return this.#restarts.push(now) <= restarts;
  }

  /** Waits before the next attempt, for longer each time. */
  async wait(owner: object, signal: AbortSignal): Promise<void> {
    this.#backoff ??= new Backoff(this.#policy!, owner);
    await this.#backoff.wait(Infinity, signal);
  }
}

/** What {@linkcode Restarts} need of their registry. */
export interface RestartsOptions {
  /** To whom the timers belong. */
  readonly owner: object;
  /** Makes and starts an agent anew. */
  readonly again: (origin: Origin) => Promise<unknown>;
  /** Hears of restarts that fail. */
  readonly report: (error: unknown, address: string) => void;
}

/** Agents that failed, and are made anew one by one. */
export class Restarts {
  readonly #options: RestartsOptions;
  /** Ids that are kept for agents under way. */
  readonly #underWay = new Map<string, Run>();
  readonly #ending = new AbortController();

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Whether the agent `id` is being restarted. */
  has(id: string): boolean {
    return this.#underWay.has(id);
  }

  /** Whether that is the one of `origin`. */
  isOf(id: string, origin: Origin | null): boolean {
    return origin !== null && this.#underWay.get(id)?.origin === origin;
  }

  /** Closes an agent of which a task failed, and makes it anew. */
  async restart(
    residence: Residence,
    origin: Origin,
    error: unknown,
  ): Promise<void> {
    const { id, address } = residence;
    const run: Run = { origin };
    this.#underWay.set(id, run);
    try {
      await residence.fail(GRACE_MS, `a task of it failed: ${describe(error)}`);
      await this.#makeAnew(address, origin);
    } finally {
      // What was made anew may have failed at once, and be under way again.
      if (this.#underWay.get(id) === run) this.#underWay.delete(id);
    }
  }

  async #makeAnew(address: string, origin: Origin): Promise<void> {
    while (origin.mayRestart()) {
      try {
        await origin.wait(this.#options.owner, this.#ending.signal);
        await this.#options.again(origin);
        return;
      } catch (error) {
        // Its container is closed, or somebody closed it while it started.
        if (this.#ending.signal.aborted || origin.wasClosed) return;
        this.#options.report(error, address);
      }
    }
    this.#options.report(
      new Error(
        `Cannot restart '${address}': it has failed too often, raise 'restarts' or mend what fails`,
      ),
      address,
    );
  }

  /** Gives up all restarts. */
  close(): void {
    this.#ending.abort();
  }
}
