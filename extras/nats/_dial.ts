import { ConnectError } from "../../transports/errors.ts";
import { tcp } from "../../transports/tcp.ts";
import { secured } from "../../transports/tls/secured.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { ByteStream, Transport } from "../../transports/transport.ts";
import { NatsClient, type ServerInfo } from "./_client.ts";
import type { NatsConnectionOptions } from "./options.ts";

/** The default time limit for connecting and logging in, in milliseconds. */
const LIMIT_MS = 10_000;

/** The maximum length of the first line of a server, its `INFO`. */
const MAX_INFO_BYTES = 32 * 1_024;

/**
 * Connects to a NATS server. `onEnd` is called when the connection ends.
 *
 * @throws {ConnectError} If the server cannot be reached, refuses this side, or
 * is too old.
 */
export async function dial(
  server: string,
  options: NatsConnectionOptions,
  onEnd: (error: unknown) => void,
): Promise<NatsClient> {
  const address = `tcp://${server}`;
  const limit = new AbortController();
  const limitMs = options.timeout ?? LIMIT_MS;
  const timer = setTimeout(() => {
    limit.abort(failure(address, `it has not answered within ${limitMs} ms`));
  }, limitMs);
  try {
    const [stream, info] = await open(address, options, limit.signal);
    let refusal: unknown = null;
    const client = new NatsClient(stream, info, (error) => {
      refusal = error;
      onEnd(error);
    });
    const onLimit = () => client.end(limit.signal.reason);
    limit.signal.addEventListener("abort", onLimit, { once: true });
    await client.greet(introduction(options, info));
    limit.signal.removeEventListener("abort", onLimit);
    if (refusal !== null) throw refusal;
    return client;
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a stream to a server, encrypted if either side requires it. */
async function open(
  address: string,
  { tls }: NatsConnectionOptions,
  signal: AbortSignal,
): Promise<[stream: ByteStream, info: ServerInfo]> {
  let info: ServerInfo | null = null;
  const base = tcp();
  const plain: Transport = {
    ...base,
    connect: async (...args) => {
      const connection = await base.connect(...args).catch((error) => {
        throw error instanceof ConnectError
          ? failure(address, describe(error.cause), error)
          : error;
      });
      info = await readInfo(connection.stream, address, signal);
      return connection;
    },
  };
  const connect = async (transport: Transport) => {
    const { stream } = await transport.connect(address, { signal });
    return [stream, info!] as [ByteStream, ServerInfo];
  };
  if (tls) return await connect(secured(plain, tlsOptions(tls)));
  const [stream, found] = await connect(plain);
  if (!found.tls_required) return [stream, found];
  stream.close();
  if (tls === undefined) return await connect(secured(plain, {}));
  throw failure(address, "it demands TLS");
}

function failure(address: string, why: string, cause?: unknown): ConnectError {
  const server = address.replace("tcp://", "");
  return new ConnectError(
    `Cannot use the NATS server '${server}': ${why}`,
    { address, cause },
  );
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === "ConnectionRefused"
    ? "connection refused, start it first"
    : cause.message;
}

/** Reads the first line of a server, which then waits for this side. */
async function readInfo(
  stream: ByteStream,
  address: string,
  signal: AbortSignal,
): Promise<ServerInfo> {
  const onLimit = () => stream.close();
  signal.addEventListener("abort", onLimit, { once: true });
  try {
    const bytes = new Uint8Array(MAX_INFO_BYTES);
    for (let length = 0; length < bytes.length;) {
      const read = await stream.read(bytes.subarray(length));
      if (read === null) break;
      length += read;
      const text = new TextDecoder().decode(bytes.subarray(0, length));
      if (!text.endsWith("\n")) continue;
      const [, json] = /^INFO\s+(\{.*\})\s*$/i.exec(text) ?? [];
      if (json === undefined) break;
      const info: ServerInfo = JSON.parse(json);
      if (info.headers) return info;
      throw new Error(`its version is ${info.version}, wanted 2.2 or later`);
    }
    throw new Error("it is no NATS server");
  } catch (cause) {
    if (!signal.aborted) stream.close();
    signal.throwIfAborted();
    throw failure(address, describe(cause), cause);
  } finally {
    signal.removeEventListener("abort", onLimit);
  }
}

/** Returns the login of this side, the content of `CONNECT`. */
function introduction(
  options: NatsConnectionOptions,
  { nonce }: ServerInfo,
): object {
  const { authenticator, name, user, pass, token, tls } = options;
  const proofs = [authenticator ?? []].flat().map((prove) => prove(nonce));
  return {
    ...{ verbose: false, pedantic: false, protocol: 1, echo: true },
    ...{ headers: true, no_responders: true, lang: "denomas", version: "1" },
    ...(name !== undefined && { name }),
    ...(tls && { tls_required: true }),
    ...(user !== undefined && { user, pass }),
    ...(token !== undefined && { auth_token: token }),
    ...Object.assign({}, ...proofs),
  };
}

/** Converts the TLS options of the NATS client to those of this package. */
function tlsOptions(
  tls: NonNullable<NatsConnectionOptions["tls"]>,
): TlsOptions {
  const { ca, caFile, cert, certFile, key, keyFile, ...rest } = tls;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) {
    throw new TypeError(
      `Cannot connect to NATS with TLS: '${
        unknown[0]
      }' is not known here, leave it out`,
    );
  }
  const caCerts = ca ?? caFile;
  const own = cert ?? certFile;
  const secret = key ?? keyFile;
  return {
    ...(caCerts !== undefined && { caCerts }),
    ...(own !== undefined && { cert: own }),
    ...(secret !== undefined && { key: secret }),
  };
}
