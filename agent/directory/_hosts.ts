import { parseAgentAddress } from "../address.ts";
import { dirname } from "@std/path";
import { type Address, parseAddress } from "../../transports/address.ts";

/** The host of a container's address; all of this machine's are one. */
export function hostOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed.scheme === "tcp" && !isLoopback(parsed.host)
    ? parsed.host
    : "this machine";
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
  const host = tcpHostOf(caller);
  if (wanted.scheme === "tcp" && wanted.host === host) return true;
  const isLocal = host === null || isLoopback(host) ||
    (at.scheme === "tcp" && at.host === host);
  return isLocal && isBeside(wanted, at);
}

function tcpHostOf(caller: string): string | null {
  if (!caller.startsWith("tcp:")) return null;
  const parsed = parseAddress(caller.split("#", 1)[0]!);
  return parsed.scheme === "tcp" ? parsed.host : null;
}

/** Whether two addresses are of one machine, folder or memory. */
function isBeside(wanted: Address, at: Address): boolean {
  switch (wanted.scheme) {
    case "tcp":
      return at.scheme === "tcp" &&
        (wanted.host === at.host || isLoopback(wanted.host));
    case "ipc":
      return at.scheme === "ipc" && dirname(wanted.path) === dirname(at.path);
    case "local":
      return at.scheme === "local";
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
