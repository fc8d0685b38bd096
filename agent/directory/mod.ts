/**
 * A directory through which agents find each other. Agents are registered by
 * type and properties; others look them up, or subscribe to changes.
 *
 * A {@linkcode Directory} is an agent in a container of your choice. An entry
 * lasts as long as the connection on which it was registered.
 * {@linkcode findDirectory} connects a container to the directory. There is no
 * search on the network: you must know the directory's address.
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
export { findDirectory } from "./client.ts";
export type {
  DirectoryClient,
  FindDirectoryOptions,
  LookUpOptions,
  SubscribeOptions,
} from "./client.ts";
export { Directory } from "./directory.ts";
export type { DirectoryOptions } from "./directory.ts";
export type {
  DirectoryChange,
  DirectoryEntry,
  DirectoryProperties,
  DirectoryQuery,
} from "./entry.ts";
export type { RegisterOptions, Registration } from "./registration.ts";
