import { remoteNode } from "../rpc/internal.ts";
import { formatAddress, parseAddress } from "../transports/address.ts";
import { printable } from "../transports/printable.ts";

/** The parts of an agent's address. */
export interface AgentAddress {
  /** The address of the container, such as `tcp://127.0.0.1:5555`. */
  readonly container: string;
  /** The id of the agent, such as `0`. */
  readonly id: string;
}

/** The longest address that is parsed. Limited because peers send addresses. */
const MAX_LENGTH = 1_024;

/**
 * Parses an agent's address: the address of a container, `/` and an agent's id,
 * such as `tcp://host:port/id`, `ipc://[/path/to/socket]/id` or
 * `local://name/id`. The text must be printable and at most 1,024 characters
 * long. The rest of the container's address is checked by the transport of its
 * scheme, when the address is used.
 *
 * @throws {TypeError} If `text` has another form.
 */
export function parseAgentAddress(text: string): AgentAddress {
  if (typeof text !== "string" || text.length > MAX_LENGTH) {
    throw new TypeError(
      `Cannot parse agent address: it is ${
        typeof text === "string"
          ? `${text.length} characters long, use at most ${MAX_LENGTH}`
          : `of type ${typeof text}, use a string`
      }`,
    );
  }
  const slash = text.lastIndexOf("/");
  const id = text.slice(slash + 1);
  const container = text.slice(0, Math.max(0, slash));
  try {
    if (container.endsWith(":/")) {
      throw new TypeError("Cannot find the id: this is a container's address");
    }
    checkAgentId(id);
    checkPrintable(container);
    parseAddress(container);
  } catch (cause) {
    throw new TypeError(
      `Cannot parse agent address '${
        printable(text)
      }': use the address of a container, '/' and the agent's id, as in 'tcp://127.0.0.1:5555/0'`,
      { cause },
    );
  }
  return { container, id };
}

/** An agent's address at a transport whose own addresses hold no such `/`. */
const OF_AGENT = /^(?:(?:tcp|local):\/\/[^/]+|ipc:\/\/\[.*\])\/[^\]]*$/;

/**
 * Checks the address of a container.
 *
 * @throws {TypeError} If it has another form, or is the address of an agent.
 */
export function checkContainerAddress(text: string): void {
  if (OF_AGENT.test(text)) {
    throw new TypeError(
      `Cannot use '${
        printable(text)
      }' as the address of a container: it is that of an agent, leave out '/' and the agent's id`,
    );
  }
  parseAgentAddress(`${text}/0`);
}

function checkPrintable(text: string): void {
  if (printable(text, Infinity) === text) return;
  throw new TypeError("Cannot use an address: it is not printable");
}

/** The start of the address of a cluster, which virtual agents live in. */
export const CLUSTER = "cluster://";

/**
 * Parses the address of an agent that lives in one container, which a virtual
 * agent does not. `act` describes the attempt.
 *
 * @throws {TypeError} If `text` is the address of a virtual agent, or no
 * address of an agent.
 */
export function parsePlacedAddress(text: string, act: string): AgentAddress {
  const parsed = parseAgentAddress(text);
  if (!parsed.container.startsWith(CLUSTER)) return parsed;
  const names = parsed.id.replace(":", '", "');
  throw new TypeError(
    `Cannot ${act} '${text}': it is a virtual agent, which only nodes of its cluster can call, use 'node.agent("${names}")'`,
  );
}

/**
 * Formats the address of an agent. Each agent has exactly one spelling.
 *
 * @throws {TypeError} If the id cannot be part of an address.
 */
export function formatAgentAddress({ container, id }: AgentAddress): string {
  checkAgentId(id);
  return `${container}/${id}`;
}

/**
 * Returns the address under which others can reach the container that listens
 * at `address`. `host` replaces the host; by default, the machine's name
 * replaces a wildcard host.
 *
 * @throws {TypeError} If the machine's name is needed and may not be read, or
 * `host` is not a host.
 */
export function publicAddress(address: string, host?: string): string {
  const parsed = parseAddress(address);
  if (!("host" in parsed)) return address;
  const wanted = host ??
    (isWildcard(parsed.host) ? machineName(address) : null);
  if (wanted === null) return address;
  const made = formatAddress({ ...parsed, host: wanted });
  if ("host" in parseAddress(made)) return made;
  throw new TypeError(
    `Cannot use 'publicHost' '${wanted}': it is not the name or address of a host`,
  );
}

function machineName(address: string): string {
  const permission = { name: "sys", kind: "hostname" } as const;
  if (Deno.permissions.querySync(permission).state === "granted") {
    return Deno.hostname();
  }
  throw new TypeError(
    `Cannot publish the address of '${address}': the machine's name is needed, set 'publicHost' or allow '--allow-sys=hostname'`,
  );
}

/**
 * Returns whether `host` is a wildcard, which stands for all hosts of the
 * machine.
 */
export function isWildcard(host: string): boolean {
  return ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"].includes(host);
}

/**
 * Returns the address of the agent behind a proxy. Send it to others, or keep
 * it to connect again later.
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
 * @throws {TypeError} If `remote` is not a proxy of an agent.
 */
export function addressOf(remote: unknown): string {
  const place = remoteNode(remote)?.place;
  if (place) return place.address;
  throw new TypeError(
    "Cannot read the address: this is not a proxy of an agent, pass one that 'container.connect' returned or that was passed by an agent of denomas",
  );
}

/** Returns the name of an agent's class, or `"Agent"` if the class has none. */
export function classNameOf(agent: object): string {
  const { name } = agent.constructor;
  // A class may have a static member called `name`.
  return typeof name === "string" && name !== "" ? printable(name) : "Agent";
}

/** Returns whether `id` can be part of an agent's address. */
export function isAgentId(id: unknown): id is string {
  return typeof id === "string" && id !== "" &&
    !id.includes("/") && !id.startsWith("$") &&
    // Ids appear in log lines and in the names of proxies.
    printable(id, Infinity) === id;
}

/**
 * Checks that `id` can be part of an agent's address.
 *
 * @throws {TypeError} If `id` cannot be part of an address.
 */
export function checkAgentId(id: string): void {
  if (isAgentId(id)) return;
  throw new TypeError(
    `Cannot use '${
      printable(String(id))
    }' as the id of an agent: an id is printable text that is not empty, does not contain '/' and does not begin with '$', choose another`,
  );
}
