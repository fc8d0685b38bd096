/**
 * Agents that live in containers, call each other by address, and tell the
 * time by a clock.
 *
 * An {@linkcode Agent} is an object with an address: others call the methods
 * that it exposes, wherever they are. A {@linkcode Container} is its home, with
 * one server for all its agents and one connection to each other container.
 * Agents of Python's aiomas can be called, and can call, as well.
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
 * {@linkcode SystemClock} is the computer's. {@linkcode ExternalClock} stands
 * still until it is set, as by a simulator; {@linkcode fastForward} and
 * {@linkcode paceClock} set it for you. Code that takes a {@linkcode Clock}
 * runs by either: in real time, and in a test through a whole day at once.
 *
 * {@linkcode spawnContainer} makes a container in a process or Worker of its
 * own, whose agents are made by its {@linkcode Manager}.
 *
 * @module
 */
export * from "./address.ts";
export * from "./address_of.ts";
export * from "./agent.ts";
export * from "./clock/base_clock.ts";
export * from "./clock/clock.ts";
export * from "./container.ts";
export * from "./agent_options.ts";
export * from "./container_options.ts";
export * from "./date_serializer.ts";
export * from "./errors.ts";
export * from "./clock/external_clock.ts";
export * from "./spawn/manager.ts";
export * from "./clock/pace.ts";
export * from "./clock/settle.ts";
export * from "./spawn/module_list.ts";
export * from "./spawn/spawn.ts";
export * from "./spawn/contract.ts";
export * from "./clock/system_clock.ts";
export { AgentNotFoundError } from "../rpc/errors.ts";

// Never called: it puts the files that a spawned child runs into the module
// graph, so that `deno cache` and `deno compile` take them along.
void (() => [
  import("./spawn/child/_process.ts"),
  import("./spawn/child/_worker.ts"),
]);
