/**
 * Agents that live in containers, call each other by address, and follow a
 * clock.
 *
 * An {@linkcode Agent} is an object with an address: other agents call its
 * exposed methods, wherever they are. A {@linkcode Container} is the home of
 * agents, with one server for all of them and one connection to each other
 * container. Agents of Python's aiomas can call and be called, too.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Bidder extends Agent {
 *   readonly #limit: number;
 *   constructor(container: Container, limit: number) {
 *     super(container);
 *     this.#limit = limit;
 *   }
 *   @expose
 *   bid(price: number): number | null {
 *     return price < this.#limit ? price + 1 : null;
 *   }
 * }
 *
 * await using here = await Container.create("local://here");
 * await using there = await Container.create("local://there");
 * const { address } = await there.spawn(Bidder, 10);
 *
 * const bidder = await here.connect<Bidder>(address);
 * assertEquals(await bidder.bid(8), 9);
 * ```
 *
 * {@linkcode SystemClock} is the computer's clock. {@linkcode ExternalClock}
 * stands still until it is set, for example by a simulator;
 * {@linkcode fastForward} and {@linkcode paceClock} set it for you. Code that
 * takes a {@linkcode Clock} works with both: in real time, or in a test that
 * passes a whole day at once.
 *
 * {@linkcode spawnContainer} starts a container in its own process or Worker.
 * {@linkcode Manager} makes agents for Python programs.
 *
 * @module
 */
export {
  addressOf,
  type AgentAddress,
  formatAgentAddress,
  parseAgentAddress,
} from "./address.ts";
export { Agent } from "./agent.ts";
export type {
  AgentOptions,
  FailurePolicy,
  RestartPolicy,
} from "./agent_options.ts";
export { BaseClock } from "./clock/base_clock.ts";
export type { Clock, ClockTimer } from "./clock/base_clock.ts";
export { ExternalClock } from "./clock/external_clock.ts";
export {
  fastForward,
  type FastForwardOptions,
  paceClock,
  type PacedRun,
  type PaceOptions,
} from "./clock/pace.ts";
export { quiescent } from "./clock/quiescent.ts";
export { type Settle, settleInProcess } from "./clock/settle.ts";
export { SystemClock } from "./clock/system_clock.ts";
export { type AgentGone, Container, type ContainerStats } from "./container.ts";
export type { ConnectOptions, ContainerOptions } from "./container_options.ts";
export { dateSerializer } from "./date_serializer.ts";
export {
  ClockClosedError,
  ContainerClosedError,
  SpawnError,
  StaleStateError,
} from "./errors.ts";
export type { SpawnOptions, SpawnPermissions } from "./spawn/contract.ts";
export { Manager } from "./spawn/manager.ts";
export { spawnContainer } from "./spawn/spawn.ts";
export type { SpawnedContainer } from "./spawn/spawned_container.ts";
export {
  memoryStore,
  type SavedState,
  type StateStore,
} from "./state/store.ts";
export { AgentNotFoundError, DeadlockError } from "../rpc/errors.ts";
export { Group, type GroupAnswer } from "./groups/group.ts";
export { notify } from "../rpc/options.ts";

// Never called. The imports put the files that a spawned child runs into the
// module graph, so that `deno cache` and `deno compile` include them.
void (() => [
  import("./spawn/child/_process.ts"),
  import("./spawn/child/_worker.ts"),
]);
