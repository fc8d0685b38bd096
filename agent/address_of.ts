import { remoteNode } from "../rpc/internal.ts";

/**
 * Returns the address of the agent behind a proxy, to send to others or to keep
 * for the time after the connection.
 *
 * ```ts
 * import { addressOf, Agent, Container } from "@denomas/denomas/agent";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Cat extends Agent {
 *   @expose
 *   meow(): string {
 *     return "meow";
 *   }
 * }
 *
 * await using container = await Container.create("local://address-of");
 * const { address } = await container.spawn(Cat);
 * const cat = await container.connect<Cat>(address);
 * assertEquals(addressOf(cat), address);
 * ```
 *
 * @throws {TypeError} If `remote` is no proxy of an agent.
 */
export function addressOf(remote: unknown): string {
  const place = remoteNode(remote)?.place;
  if (place) return place.address;
  throw new TypeError(
    "Cannot read the address: this is not a proxy of an agent, pass one that 'container.connect' returned or that was passed by an agent of denomas",
  );
}
