import { parseAgentAddress } from "../address.ts";
import { dirname } from "@std/path";
import { type Address, parseAddress } from "../../transports/address.ts";

/** The host of a container's address; all of this machine's are one. */
export function hostOf(address: string): string {
  const host = networkHostOf(parseAddress(address));
  return host === null || isLoopback(host) ? "this machine" : host;
}

/** The host of a connection: what follows '#' tells connections apart. */
export function hostOfCaller(remoteAddress: string): string {
  return hostOf(remoteAddress.split("#", 1)[0]!);
}

/**
 * Whether an agent lives where its caller is: on the same host. A caller on
 * the directory's own machine may have it dial that under its other names; a
 * caller from elsewhere may not, as some services trust whoever is local.
 */
export function isNear(
  agentAddress: string,
  caller: string,
  own: string,
): boolean {
  const wanted = parseAddress(parseAgentAddress(agentAddress).container);
  const at = parseAddress(own);
  const from = parseAddress(caller.split("#", 1)[0]!);
  const host = networkHostOf(from);
  if (host !== null && networkHostOf(wanted) === host) return true;
  const isLocal = host === null
    ? "path" in from || from.scheme === "local"
    : isLoopback(host) || networkHostOf(at) === host;
  return isLocal && isBeside(wanted, at);
}

/** Returns the host of an address, or `null` if that is not on a network. */
function networkHostOf(address: Address): string | null {
  const isOfNetwork = "host" in address && address.scheme !== "local";
  return isOfNetwork ? address.host : null;
}

/** Whether two addresses are of one machine, folder or memory. */
function isBeside(wanted: Address, at: Address): boolean {
  const host = networkHostOf(wanted);
  if (host !== null) {
    const own = networkHostOf(at);
    return own !== null && (host === own || isLoopback(host));
  }
  if ("path" in wanted) {
    return "path" in at && dirname(wanted.path) === dirname(at.path);
  }
  return wanted.scheme === "local" && at.scheme === "local";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
