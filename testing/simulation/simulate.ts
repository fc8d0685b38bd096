import type { SimulateOptions, Simulation } from "./contract.ts";
import { readVariable } from "../step/_environment.ts";
import { explore, type ExploreOptions } from "./_explore.ts";
import { writeTimeline } from "./_timeline_file.ts";
import { checkChaos, checkFault, parseFaults, RUN_MS } from "./plan.ts";
import type { SimulationTrace } from "./trace/trace.ts";

/** The number of seeds if neither the options nor the environment set it. */
const SEEDS = 100;

/** The environment variables that control a test. */
interface Environment {
  /** Returns the value of a variable. */
  get(name: string): string | undefined;
}

/**
 * Registers a test whose `body` runs in simulated worlds, one for each seed.
 *
 * In a simulation, time is virtual and all randomness comes from the seed, so
 * hours pass in moments and a run can be repeated exactly. A simulation has
 * nodes, whose programs use the ordinary API at addresses `local://name`, over
 * a network with random faults. The first seed that fails is run again to
 * confirm the failure. Then its faults are reduced in number, duration and
 * strength, and the error names one line that reproduces the failure.
 *
 * During a run, `setTimeout`, `setInterval`, `setImmediate`, `Date`,
 * `performance.now`, `Math.random`, `crypto` and `AbortSignal.timeout` are
 * virtual for the code that the run started, and a `WeakRef` keeps its target.
 * The functions of `Deno` for files, sockets and processes, `fetch` and Workers
 * fail with a `SimulationEscapeError`.
 *
 * The environment variable `DENOMAS_SEEDS` is the number of seeds or a range of
 * them (`101-200`), `DENOMAS_SEED` the only seed, and `DENOMAS_FAULTS` its
 * faults. A page with the timeline of a failure is written to the folder
 * `DENOMAS_TIMELINES`, by default that of temporary files, if the test has
 * write permission.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { service, startServer } from "@denomas/denomas/rpc";
 * import { openReconnecting } from "@denomas/denomas/reconnect";
 * import { simulate } from "@denomas/denomas/testing";
 *
 * const makeCounter = () => {
 *   let count = 0;
 *   return service({ next: () => ++count });
 * };
 *
 * Deno.test("a service is an ordinary object", () => {
 *   assertEquals(makeCounter().next(), 1);
 * });
 *
 * simulate("numbers only grow", { seeds: 5, chaos: { hold: 0.5 } }, async (sim) => {
 *   await sim.node("server", async () => {
 *     await startServer("local://server", makeCounter());
 *   });
 *   let last = 0;
 *   let isGrowing = true;
 *   sim.node("client", async (node) => {
 *     const { remote } = await openReconnecting<ReturnType<typeof makeCounter>>(
 *       "local://server",
 *     );
 *     for (;;) {
 *       const next = await remote.next();
 *       isGrowing &&= next > last;
 *       last = next;
 *       await node.sleep(1_000);
 *     }
 *   });
 *   sim.always("each number is greater than the last", () => isGrowing);
 *   await sim.run();
 * });
 * ```
 *
 * @throws {RangeError} If the number of seeds, `untilMs`, a chance of `chaos`
 * or the start of a fault is out of range.
 * @throws {TypeError} If a kind of fault is unknown.
 * @throws {SyntaxError} If `DENOMAS_FAULTS` cannot be read.
 */
export function simulate(
  name: string,
  options: SimulateOptions,
  body: (sim: Simulation) => void | Promise<void>,
): void {
  const plan = planFor(options, { get: readVariable });
  const draw = (trace: SimulationTrace) => writeTimeline(name, trace);
  Deno.test({ name, fn: () => explore(body, { draw, ...plan }) });
}

/** Returns the plan for a test with `options` in an environment. */
export function planFor(
  options: SimulateOptions,
  env: Environment,
): ExploreOptions {
  const { seeds = SEEDS, ...rest } = options;
  const all = seedsOf(env.get("DENOMAS_SEEDS") || String(seeds));
  const only = env.get("DENOMAS_SEED");
  const faults = env.get("DENOMAS_FAULTS");
  const { untilMs = RUN_MS, chaos = {} } = options;
  if (!(untilMs > 0 && untilMs < Infinity)) {
    throw new RangeError(
      `Cannot simulate: 'untilMs' is ${untilMs}, it must be above 0 and finite`,
    );
  }
  checkChaos(chaos);
  for (const fault of options.faults ?? []) checkFault(fault, untilMs);
  return {
    ...rest,
    seeds: only ? [Number(only)] : all,
    ...(faults !== undefined && only &&
      { faults: parseFaults(faults), isShrunk: false }),
  };
}

/** Parses a number of seeds, such as `100`, or a range of them: `101-200`. */
function seedsOf(text: string): number[] {
  const [first, last] = text.includes("-")
    ? text.split("-", 2).map(Number)
    : [1, Number(text)];
  const isRange = Number.isInteger(first) && Number.isInteger(last) &&
    first! > 0 && last! >= first!;
  if (!isRange) {
    throw new RangeError(
      `Cannot simulate: the number of seeds is '${text}', it must be an integer above 0, or a range such as '101-200'`,
    );
  }
  return Array.from({ length: last! - first! + 1 }, (_, at) => first! + at);
}
