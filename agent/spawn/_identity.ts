import { schemeOf } from "../../transports/address.ts";
import { tcp } from "../../transports/tcp.ts";
import { tlsAsText } from "../../transports/tls/_text.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { Container } from "../container.ts";
import { householdOf } from "../_container_internals.ts";
import type { SpawnOptions } from "./contract.ts";

/** Who a spawned container is to others. */
export interface SpawnIdentity {
  /** With PEM text, and no files. */
  readonly tls: TlsOptions | null;
  /** What it shows; `undefined` for nothing. */
  readonly credentials: unknown;
}

/**
 * Who a container at `address` is to be: the same as its parent, unless the
 * options say otherwise. One without credentials is a sandbox, and gets no key
 * of its parent either.
 *
 * @throws {TypeError} If `tls` cannot be used, or the two could not connect.
 * @throws {unknown} What a function for credentials throws.
 */
export async function planIdentity(
  parent: Container,
  address: string,
  options: Pick<SpawnOptions, "tls" | "credentials">,
): Promise<SpawnIdentity> {
  const household = householdOf(parent);
  const { credentials = household.credentials } = options;
  const inherited = credentials === null ? null : household.tls ?? null;
  const { tls = inherited } = options;
  checkBothSpeakTls(parent, address, tls !== null);
  const shown = typeof credentials === "function"
    ? await credentials(address)
    : credentials;
  return {
    tls: tls && await tlsAsText(tls),
    credentials: shown ?? undefined,
  };
}

/** Over TCP, that is: what stays on the machine goes without. */
function checkBothSpeakTls(
  parent: Container,
  address: string,
  speaksTls: boolean,
): void {
  if (schemeOf(address) !== tcp.scheme) return;
  const parentSpeaksTls = householdOf(parent).tls !== undefined;
  if (parentSpeaksTls === speaksTls) return;
  throw new TypeError(
    parentSpeaksTls
      ? `Cannot spawn a container at '${address}' without TLS: '${parent}' speaks it over TCP, give it 'tls' of its own (only one with credentials gets that of its parent) or use 'ipc://[/path/to/socket]'`
      : `Cannot spawn a container at '${address}' with TLS: '${parent}' does not speak it, give 'tls' to both or use 'ipc://[/path/to/socket]'`,
  );
}
