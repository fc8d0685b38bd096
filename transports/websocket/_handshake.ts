import { awaitingHandshake } from "../_awaiting_handshake.ts";
import { ConnectError, HandshakeError, ProtocolError } from "../errors.ts";
import { printable } from "../printable.ts";
import type { ByteStream, Connection } from "../transport.ts";
import { hostHeader, type WebSocketPlace } from "./_address.ts";
import { type HttpHead, readHead, writeText } from "./_http_head.ts";
import type { Origins } from "./origin.ts";
import { WebSocketStream } from "./_stream.ts";
import { BYTES, TEXT } from "./_protocols.ts";
import { acceptFor, judgeUpgrade, newKey, type Refusal } from "./_upgrade.ts";

/** The settings of a server. */
interface ServerTerms {
  /** The address at which it listens. */
  readonly place: WebSocketPlace;
  readonly origins: Origins;
  readonly maxMessageBytes: number;
}

/** Returns an accepted connection whose handshake is not yet done. */
export function acceptOver(
  connection: Connection,
  terms: ServerTerms,
): Connection {
  const { stream } = connection;
  return {
    ...withScheme(connection, terms.place.scheme),
    stream: awaitingHandshake(stream, "WebSocket"),
    handshake: async (signal, timeoutMs) => {
      const below = await connection.handshake?.(signal, timeoutMs) ??
        connection;
      return await closing(below.stream, signal, () => serve(below, terms));
    },
  };
}

/** Runs a handshake. Closes the stream if it fails or `signal` aborts. */
async function closing<T>(
  stream: ByteStream,
  signal: AbortSignal,
  handshake: () => Promise<T>,
): Promise<T> {
  const onAbort = () => stream.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await handshake();
  } catch (error) {
    if (!signal.aborted) stream.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function serve(
  below: Connection,
  { place, origins, maxMessageBytes }: ServerTerms,
): Promise<Connection> {
  const { stream } = below;
  const { scheme } = place;
  const { remoteAddress: address } = withScheme(below, scheme);
  const head = await headOf(stream, address);
  const [method = "", target = ""] = head.line.split(" ");
  const judged = judgeUpgrade(method, target, head.headers, origins);
  if ("status" in judged) {
    await answer(stream, judged);
    throw new HandshakeError(
      `Cannot accept '${address}': ${judged.text}`,
      { address, code: "protocol", by: "local" },
    );
  }
  const accept = await acceptFor(judged.key);
  await writeText(
    stream,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
      `Sec-WebSocket-Protocol: ${judged.protocol}\r\n\r\n`,
  );
  const isText = judged.protocol === TEXT;
  const { rest } = head;
  return {
    ...withScheme(below, scheme),
    request: judged.request,
    stream: new WebSocketStream(stream, {
      role: "server",
      isText,
      maxMessageBytes,
      rest,
    }),
  };
}

async function headOf(stream: ByteStream, address: string): Promise<HttpHead> {
  try {
    return await readHead(stream);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    await answer(stream, { status: 400, text: "This is no HTTP request" });
    throw new HandshakeError(
      `Cannot accept '${address}': it sent no WebSocket handshake`,
      { address, code: "protocol", by: "local", cause },
    );
  }
}

const REASONS = {
  400: "Bad Request",
  403: "Forbidden",
  426: "Upgrade Required",
  503: "Service Unavailable",
};

/** Answers with a refusal, if the peer still reads it. */
async function answer(
  stream: ByteStream,
  { status, text, headers = {} }: Refusal,
): Promise<void> {
  const fields = Object.entries({
    "content-type": "text/plain",
    "content-length": text.length + 1,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  // The peer need not read anything after this answer.
  const connection = "connection" in headers ? "" : "connection: close\r\n";
  try {
    await writeText(
      stream,
      `HTTP/1.1 ${status} ${REASONS[status]}\r\n${
        fields.join("")
      }${connection}\r\n${text}\n`,
    );
    await stream.closeWrite();
  } catch {
    // The peer is gone. The error of the handshake is reported anyway.
  }
}

/** The settings of a client. */
interface ClientTerms {
  readonly place: WebSocketPlace;
  readonly address: string;
  readonly signal: AbortSignal;
  readonly text: boolean;
  readonly maxMessageBytes: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Opens a WebSocket over a connection, as its client.
 *
 * @throws {ConnectError} If the server refuses, or is not a WebSocket server.
 */
export async function connectOver(
  connection: Connection,
  terms: ClientTerms,
): Promise<Connection> {
  const { place, address, signal, text, maxMessageBytes } = terms;
  const { stream } = connection;
  return await closing(stream, signal, async () => {
    const protocol = text ? TEXT : BYTES;
    const key = newKey();
    await writeText(stream, requestOf(terms, key, protocol));
    const head = await readHead(stream).catch((cause) => {
      throw refused(address, "it answered no WebSocket handshake", cause);
    });
    const why = await problemOf(head, key, protocol);
    if (why !== null) throw refused(address, why);
    return {
      ...withScheme(connection, place.scheme),
      remoteAddress: address,
      stream: new WebSocketStream(stream, {
        role: "client",
        isText: text,
        maxMessageBytes,
        rest: head.rest,
      }),
    };
  });
}

function requestOf(
  { place, headers }: ClientTerms,
  key: string,
  protocol: string,
): string {
  const fields = Object.entries({
    "Host": hostHeader(place),
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Protocol": protocol,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  // `Headers` refuses line breaks.
  for (const [name, value] of new Headers(headers)) {
    fields.push(`${name}: ${value}\r\n`);
  }
  return `GET ${place.target} HTTP/1.1\r\n${fields.join("")}\r\n`;
}

/** Returns what is wrong with a response (RFC 6455, 4.1), or `null`. */
async function problemOf(
  { line, headers, rest }: HttpHead,
  key: string,
  protocol: string,
): Promise<string | null> {
  const [version = "", status = ""] = line.split(" ");
  if (!version.startsWith("HTTP/1.1")) return "it does not speak HTTP/1.1";
  if (status !== "101") {
    const text = new TextDecoder().decode(rest).split("\n")[0] ?? "";
    const why = text === "" ? "" : `: ${printable(text)}`;
    return `it answered '${printable(line.slice(version.length + 1))}'${why}`;
  }
  const isRight = headers.get("upgrade")?.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-accept") === await acceptFor(key);
  if (!isRight) return "its answer belongs to no WebSocket handshake";
  const chosen = headers.get("sec-websocket-protocol");
  if (chosen === protocol) return null;
  return `it chose the sub-protocol '${
    printable(chosen ?? "")
  }', wanted '${protocol}': it may be no server of denomas`;
}

function refused(
  address: string,
  why: string,
  cause?: unknown,
): ConnectError {
  return new ConnectError(
    `Cannot connect to '${address}': ${why}`,
    { address, cause },
  );
}

/** Returns the connection with WebSocket addresses. */
function withScheme(
  connection: Connection,
  scheme: "ws" | "wss",
): Connection {
  const { localAddress, remoteAddress } = connection;
  return {
    ...connection,
    localAddress: localAddress.replace(/^tcp:/, `${scheme}:`),
    remoteAddress: remoteAddress.replace(/^tcp:/, `${scheme}:`),
  };
}
