/**
 * How agents find each other: they register with a directory by type and
 * properties, and others look them up, or are told of changes.
 *
 * A {@linkcode Directory} is an agent in a container of your choice. It watches
 * all who register, and removes those who are gone. {@linkcode findDirectory}
 * connects a container to it. There is no search on the network: its address is
 * given.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { Directory, findDirectory } from "@denomas/denomas/directory";
 * import { assertEquals } from "@std/assert";
 *
 * await using hub = await Container.create("local://hub");
 * const { address } = await hub.spawn(Directory);
 *
 * await using here = await Container.create("local://bidders");
 * const bidder = await here.spawn(Agent);
 * const directory = await findDirectory(here, address);
 * await directory.register(bidder, { type: "bidder" });
 *
 * const entries = await directory.lookUp({ type: "bidder" });
 * assertEquals(entries.map((entry) => entry.address), [bidder.address]);
 * ```
 *
 * @module
 */
export * from "./client.ts";
export * from "./directory.ts";
export * from "./entry.ts";
export * from "./find.ts";
export * from "./limits.ts";
