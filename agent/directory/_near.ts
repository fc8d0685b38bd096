import { parseAgentAddress } from "../address.ts";
import { type Address, parseAddress } from "../../transports/address.ts";
import { folderOf } from "../../transports/socket_file.ts";

/**
 * Returns whether an agent lives near its caller: on the same host, or behind
 * the same broker, through which it can be reached anyway. A caller on the
 * directory's own machine may make the directory connect to that machine under
 * its other names. A caller from elsewhere may not, since some services trust
 * local callers.
 */
export function isNear(
  agentAddress: string,
  caller: string,
  own: string,
): boolean {
  const wanted = parseAddress(parseAgentAddress(agentAddress).container);
  const at = parseAddress(own);
  const from = parse(caller);
  const broker = brokerOf(from);
  if (broker !== null) return brokerOf(wanted) === broker;
  const host = networkHostOf(from);
  if (host !== null && networkHostOf(wanted) === host) return true;
  const isLocal = host === null
    ? "path" in from || from.scheme === "local"
    : isLoopback(host) || networkHostOf(at) === host;
  return isLocal && isBeside(wanted, at);
}

/**
 * Returns the host of an address; `null` if the address is not on a network.
 */
function networkHostOf(address: Address): string | null {
  const isOfNetwork = "host" in address && address.scheme !== "local";
  return isOfNetwork ? address.host : null;
}

/** Returns the broker of an address such as `nats://host:4222/name`. */
function brokerOf(address: Address): string | null {
  if (!("name" in address)) return null;
  const { scheme, name } = address;
  const end = name.indexOf("/");
  return end === -1 ? null : `${scheme}://${name.slice(0, end)}`;
}

/**
 * Returns whether two addresses belong to the same machine, folder or memory.
 */
function isBeside(wanted: Address, at: Address): boolean {
  const host = networkHostOf(wanted);
  if (host !== null) {
    const own = networkHostOf(at);
    return own !== null && (host === own || isLoopback(host));
  }
  if ("path" in wanted) {
    return "path" in at && folderOf(wanted.path) === folderOf(at.path);
  }
  return wanted.scheme === "local" && at.scheme === "local";
}

function parse(address: string): Address {
  return parseAddress(address.split("#", 1)[0]!);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
