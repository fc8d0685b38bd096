import { stripVTControlCharacters } from "node:util";
import { Container } from "../../agent/container.ts";
import type { ContainerOptions } from "../../agent/container_options.ts";
import { plainMemory } from "../../transports/memory.ts";
import { randomInteger, seededRandom } from "../network/random.ts";
import { BodyWaits } from "./_body_waits.ts";
import type { Simulation, SimulationNode } from "./contract.ts";
import { FaultDriver } from "./_fault_driver.ts";
import { RunningHash, seedFor } from "./_hash.ts";
import { NodeNetwork } from "./_node_network.ts";
import { checkFault, describeFault, drawFaults, RUN_MS } from "./plan.ts";
import { currentProcess, SimulatedProcess } from "./_process.ts";
import { Properties } from "./_properties.ts";
import type { RunOptions, RunOutcome } from "./_outcome.ts";
import { Scheduler } from "./_scheduler.ts";
import { overSockets } from "./_socket_transport.ts";
import type { PlannedFault, TraceEvent } from "./trace/trace.ts";
import { Watcher } from "./_watcher.ts";

/** The default length of a calm. */
const CALM_MS = 30_000;

/** How late code may be in real time, in milliseconds. */
const SLACK_MS = 5_000;

interface NodeRecord {
  readonly name: string;
  readonly program: (node: SimulationNode) => unknown;
  readonly settle: (value: unknown) => void;
  process: SimulatedProcess;
  /** Whether its program is still running in this life. */
  isRunning: boolean;
}

/** The state of one run of one seed. */
export class SimulatedWorld implements Simulation {
  readonly seed: number;
  /** The process of all code outside of nodes. */
  readonly root: SimulatedProcess;
  readonly scheduler: Scheduler;
  readonly network: NodeNetwork;
  readonly watcher: Watcher;
  readonly #options: RunOptions;
  readonly #untilMs: number;
  readonly #hash = new RunningHash();
  readonly #faults: FaultDriver;
  readonly #properties = new Properties();
  readonly #waiting: BodyWaits;
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #events: TraceEvent[] = [];
  #failure: RunOutcome["failure"] = null;
  /** The virtual time at which an unfinished body counts as late. */
  #limitMs: number;
  readonly #slackMs: number;

  constructor(options: RunOptions) {
    const { seed, untilMs = RUN_MS, faults = [] } = options;
    this.seed = seed;
    this.#options = options;
    this.#untilMs = untilMs;
    this.#slackMs = options.sockets ? SLACK_MS : 0;
    this.#limitMs = untilMs + this.#slackMs;
    this.root = new SimulatedProcess(seed, "", 0);
    this.#waiting = new BodyWaits(this.root);
    this.scheduler = new Scheduler(this.#hash, options.sockets);
    this.network = new NodeNetwork(
      seedFor(seed, "network"),
      options.sockets ? overSockets() : plainMemory,
    );
    this.watcher = new Watcher({
      isRecorded: options.isRecorded ?? false,
      nameAt: (address) => this.network.nameAt(address),
      tell: (event, hashed) => this.#tell(event, hashed),
    });
    this.#faults = new FaultDriver({
      scheduler: this.scheduler,
      network: this.network,
      processOf: (name) => this.#nodes.get(name)?.process,
      crash: (name) => this.#crash(name),
      restart: (name) => this.#restart(name),
      tell: (node, text) => this.#tell({ kind: "fault", node, text }),
    });
    for (const fault of faults) checkFault(fault, untilMs);
    this.root.run(() => this.#faults.plan(faults));
  }

  get now(): number {
    return this.scheduler.now;
  }

  /** Whether the run has ended because of a failure. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Ends the run with a failure; only the first failure counts. */
  fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    const [name, text] = error instanceof Error
      ? [error.name, error.message]
      : ["", String(error)];
    // The message is not hashed: it may hold numbers that differ between
    // processes, such as those of connections.
    this.#tell({ kind: "failure", node: "", text: inOneLine(text) }, name);
  }

  /** Checks the properties, and whether the body is late. */
  check(): void {
    this.#properties.check();
    if (this.now <= this.#limitMs) return;
    throw new Error(
      `The body has not ended at ${this.#limitMs} ms of virtual time, wait with 'sim.run()' or 'sim.calm()', or raise 'untilMs' ('timeoutMs' of 'withCtx'): ${this.#waits()}`,
    );
  }

  /**
   * Checks that a body which has ended tested what it set up.
   *
   * @throws {Error} If it did not wait for its nodes or properties, or did not
   * start the node of a fault.
   */
  checkEnd(): void {
    this.#waiting.checkEnd(this.now);
    this.#properties.checkEnd();
    const { astray } = this.#faults;
    if (astray === undefined) return;
    const names = [...this.#nodes.keys()].map((name) => `'${name}'`);
    throw new Error(
      `Cannot inject ${describeFault(astray)}: the run had ${
        names.length === 0
          ? "no nodes"
          : `only the nodes ${names.join(", ")}, name one of them`
      }`,
    );
  }

  /** Returns the error for a run in which nothing can happen any more. */
  deadlock(): Error {
    return new Error(
      `Nothing can happen any more at ${
        Math.round(this.now)
      } ms of virtual time: ${this.#waits()}; or code waits for something outside, such as a named import of 'node:timers'`,
    );
  }

  /** Describes which code waits for what. */
  #waits(): string {
    const calls = this.watcher.waits((process) =>
      !(process instanceof SimulatedProcess && process.isDead)
    );
    const programs = [...this.#nodes.values()]
      .filter(({ isRunning }) => isRunning)
      .map(({ name }) => `the program of '${name}' has not ended`);
    return [...calls, ...programs].join("; ") || "the body has not ended";
  }

  outcome(): RunOutcome {
    return {
      failure: this.#failure,
      hash: this.#hash.digest,
      trace: {
        seed: this.seed,
        events: this.#events,
        faults: this.#faults.planned,
      },
      sometimes: this.#properties.sometimes,
      endedAt: this.now,
    };
  }

  node<T>(
    name: string,
    program: (node: SimulationNode) => T | Promise<T>,
  ): Promise<T> {
    if (name === "" || this.#nodes.has(name)) {
      throw new TypeError(
        `Cannot start node '${name}': a node needs a name of its own`,
      );
    }
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const process = new SimulatedProcess(this.seed, name, 0);
    const node = { name, program, settle: resolve, process, isRunning: false };
    this.#nodes.set(name, node);
    this.#waiting.starts(name, this.now);
    this.#start(node, "start");
    if (this.#options.faults === undefined) {
      this.root.run(() => this.#draw(name));
    }
    return promise as Promise<T>;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.scheduler.setTimer(ms, resolve));
  }

  between(low: number, high: number): number {
    return randomInteger(this.root.userRandom, low, high);
  }

  fault(fault: PlannedFault): void {
    checkFault(fault, this.#limitMs);
    this.root.run(() => this.#faults.add(fault));
  }

  note(text: string): void {
    this.#tell({ kind: "note", node: "", text }, text);
  }

  /**
   * Writes an error of the running node into the trace. The text is not hashed:
   * it may hold numbers that differ between processes.
   */
  noteError(text: string): void {
    const node = currentProcess()!.name;
    this.#tell({ kind: "note", node, text }, "");
  }

  async run(): Promise<void> {
    using _wait = this.#waiting.begin("sim.run()");
    await this.sleep(this.#untilMs - this.now);
  }

  async calm(
    { forMs = CALM_MS }: { readonly forMs?: number } = {},
  ): Promise<void> {
    using _wait = this.#waiting.begin("sim.calm()");
    this.#limitMs = Math.max(
      this.#limitMs,
      this.now + forMs + this.#slackMs,
    );
    this.#tell({ kind: "note", node: "", text: "calm" });
    this.root.run(() => this.#faults.calm());
    await this.root.run(() => this.#untilReached(forMs));
    this.#properties.endCalm();
    this.#limitMs = Infinity;
  }

  /** Waits until all `eventually` properties became true, or for `forMs`. */
  async #untilReached(forMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.scheduler.setTimer(forMs, resolve);
    this.#properties.beginCalm(resolve);
    await promise;
    timer.stop();
  }

  always(what: string, isTrue: () => boolean): void {
    this.#properties.addAlways(what, isTrue);
  }

  sometimes(what: string, isTrue: () => boolean): void {
    this.#properties.addSometimes(what, isTrue);
  }

  eventually(what: string, isTrue: () => boolean): void {
    this.#properties.addEventually(what, isTrue);
  }

  /** Crashes all nodes. */
  crashAll(): void {
    for (const { process } of this.#nodes.values()) process.crash();
  }

  #draw(name: string): void {
    const { chaos = {} } = this.#options;
    const faults = drawFaults(chaos, name, {
      fromMs: this.now,
      untilMs: this.#untilMs,
      random: seededRandom(seedFor(this.seed, "faults", name)),
    });
    this.#faults.plan(faults);
  }

  #start(node: NodeRecord, kind: "start" | "restart"): void {
    const { name, process, program, settle } = node;
    this.#tell({ kind, node: name, text: `${kind} of '${name}'` });
    node.isRunning = true;
    process.run(() => {
      // Deferred by a turn: nothing may run before the caller continues.
      this.scheduler.defer(() => {
        Promise.try(program, this.#contextOf(process)).then(
          (value) => {
            node.isRunning = false;
            this.#waiting.programEnds();
            this.root.run(() => settle(value));
          },
          (error) => this.fail(error),
        );
      });
    });
  }

  #crash(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined || node.process.isDead) return;
    this.#tell({ kind: "crash", node: name, text: `crash of '${name}'` });
    node.isRunning = false;
    node.process.crash();
  }

  #restart(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined || !node.process.isDead) return;
    const life = node.process.life + 1;
    node.process = new SimulatedProcess(this.seed, name, life);
    this.#start(node, "restart");
  }

  #contextOf(process: SimulatedProcess): SimulationNode {
    const { name, life } = process;
    let containers = 0;
    return {
      name,
      restarts: life,
      sleep: (ms) => this.sleep(ms),
      between: (low, high) => randomInteger(process.userRandom, low, high),
      createContainer: (options: ContainerOptions = {}) => {
        const number = ++containers;
        const suffix = number === 1 ? "" : `-${number}`;
        const onError = (error: unknown) =>
          this.#tell({ kind: "note", node: name, text: `${error}` }, "");
        const address = `local://${name}${suffix}`;
        return Container.create(address, { onError, ...options });
      },
    };
  }

  /**
   * `hashed` is the part of the event that is the same in each process; by
   * default the whole text.
   */
  #tell(event: Omit<TraceEvent, "at">, hashed: string = event.text): void {
    this.#hash.addNumber(this.now);
    this.#hash.addText(event.node);
    this.#hash.addText(hashed);
    if (!this.#options.isRecorded) return;
    this.#events.push({ at: this.now, ...event });
  }
}

/** Assertions write several lines, in colour. */
function inOneLine(text: string): string {
  return stripVTControlCharacters(text).split("\n")
    .map((line) => line.trim().replaceAll(/\s+/g, " "))
    .filter((line) => line !== "")
    .join(" ");
}
