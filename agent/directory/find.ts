import { guardedOnError } from "../../channel/report.ts";
import type { Container } from "../container.ts";
import { DirectoryClient, type FindDirectoryOptions } from "./client.ts";

/**
 * Connects a container to the directory at `address`, which may be one of its
 * own agents.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { Directory, findDirectory } from "@denomas/denomas/directory";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Bidder extends Agent {
 *   @expose
 *   bid(price: number): number {
 *     return price + 1;
 *   }
 * }
 *
 * await using container = await Container.create("local://market");
 * const { address } = await container.spawn(Directory);
 * const directory = await findDirectory(container, address);
 *
 * const bidder = await container.spawn(Bidder);
 * const properties = { region: "north" };
 * await directory.register(bidder, { type: "bidder", properties });
 *
 * const match = { region: ["north", "west"] };
 * const [found] = await directory.connect<Bidder>({ type: "bidder", match });
 * assertEquals(await found?.bid(8), 9);
 * ```
 *
 * @throws {ConnectError} If its container cannot be reached, within
 * `retryForMs`.
 * @throws {AuthenticationError} If its container refuses this one.
 * @throws {AgentNotFoundError} If it is not there, within `retryForMs`.
 * @throws {ContainerClosedError} If this container is closed.
 * @throws {TypeError} If the address has no known form.
 */
export async function findDirectory(
  container: Container,
  address: string,
  options: FindDirectoryOptions = {},
): Promise<DirectoryClient> {
  const { onError, ...connecting } = options;
  await container.connect(address, connecting);
  return new DirectoryClient(container, address, guardedOnError(onError));
}
