import { awaitingHandshake } from "../_awaiting_handshake.ts";
import { ConnectError } from "../errors.ts";
import { parseAddress } from "../address.ts";
import type { Connection, Transport } from "../transport.ts";
import {
  checkTlsOptions,
  readCredentials,
  type TlsCredentials,
  usesFiles,
} from "./credentials.ts";
import { secureClient, secureServer } from "./_handshake.ts";
import type { TlsOptions } from "./options.ts";

/**
 * Returns a transport that secures the connections of `base` with TLS. Accepted
 * connections have not done their handshake; outgoing connections have.
 *
 * @throws {TypeError} If the options do not fit together.
 */
export function secured(base: Transport, tls: TlsOptions): Transport {
  checkTlsOptions(tls);
  let current = tls;
  /** The credentials for accepted connections; `null` before it listens. */
  let credentials: TlsCredentials | null = null;
  let listensAt: string | null = null;
  const take = async (options: TlsOptions, address: string | null) => {
    checkTlsOptions(options);
    const read = await readCredentials(options);
    if (address !== null) checkServer(address, read);
    current = options;
    if (address !== null) credentials = read;
  };
  return {
    scheme: base.scheme,
    listen: async (address, accept, options) => {
      await take(current, address);
      listensAt = address;
      return await base.listen(
        address,
        (connection) => accept(awaiting(connection, credentials!)),
        options,
      );
    },
    renewCertificate: (changes) => take({ ...current, ...changes }, listensAt),
    connect: async (
      address,
      { signal = new AbortController().signal } = {},
    ) => {
      const options = current;
      const read = await readForAttempt(address, options);
      const connection = await base.connect(address, { signal });
      const host = options.serverName ?? hostIn(address);
      const other = "server";
      const task = { connection, other, address, host, signal } as const;
      return await secureClient(read, task);
    },
  };
}

/**
 * Reads the credentials for one attempt to connect.
 *
 * @throws {ConnectError} If files cannot be used. They may be about to be
 * replaced.
 * @throws {TypeError} If a text cannot be used.
 */
async function readForAttempt(
  address: string,
  tls: TlsOptions,
): Promise<TlsCredentials> {
  try {
    return await readCredentials(tls);
  } catch (cause) {
    const isFinal = cause instanceof Deno.errors.NotCapable || !usesFiles(tls);
    if (isFinal) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(
      `Cannot connect to '${address}' with TLS: ${
        words.replace(/^Cannot use /, "")
      }`,
      { address, cause },
    );
  }
}

/** Returns a connection that carries bytes only after its handshake. */
function awaiting(
  connection: Connection,
  credentials: TlsCredentials,
): Connection {
  const { stream, remoteAddress: address } = connection;
  return {
    ...connection,
    stream: awaitingHandshake(stream, "TLS"),
    handshake: (signal, timeoutMs) => {
      const other = "client";
      const task = { connection, other, address, host: null, signal } as const;
      return secureServer(credentials, task, timeoutMs);
    },
  };
}

function checkServer(
  address: string,
  { cert, ca, demandsCert }: TlsCredentials,
): void {
  if (cert === undefined) {
    throw new TypeError(
      `Cannot listen on '${address}' with TLS: a server needs a certificate, give 'cert' and 'key'`,
    );
  }
  if (demandsCert && ca === undefined) {
    throw new TypeError(
      "Cannot ask clients for certificates: there are no 'caCerts' to check them with, give some or set 'clientCerts' to 'none'",
    );
  }
}

/** Returns the host of an address. The server's certificate must name it. */
function hostIn(address: string): string {
  const parsed = parseAddress(address);
  if ("host" in parsed) return parsed.host;
  throw new TypeError(
    `Cannot connect to '${address}' with TLS: it names no host, set 'serverName'`,
  );
}
