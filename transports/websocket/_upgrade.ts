import { isAllowed, type Origins } from "./origin.ts";
import { BYTES, TEXT } from "./_protocols.ts";
import { cookiesIn, type UpgradeRequest } from "../upgrade_request.ts";

/** The refusal of a request, as an HTTP response. */
export interface Refusal {
  readonly status: 400 | 403 | 426 | 503;
  /** One line of text for people. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that may open a WebSocket. */
export interface Acceptable {
  /** The value of `Sec-WebSocket-Key`. */
  readonly key: string;
  /** The sub-protocol in use. */
  readonly protocol: typeof BYTES | typeof TEXT;
  readonly request: UpgradeRequest;
}

/** Returns whether a request asks for a WebSocket, validly or not. */
export function wantsWebSocket(headers: Headers): boolean {
  return tokens(headers, "upgrade").includes("websocket");
}

/** Judges a request for a WebSocket (RFC 6455, 4.2.1). */
export function judgeUpgrade(
  method: string,
  target: string,
  headers: Headers,
  origins: Origins,
): Acceptable | Refusal {
  if (!wantsWebSocket(headers)) {
    return {
      status: 426,
      text: "This address speaks WebSocket",
      headers: { upgrade: "websocket", connection: "Upgrade" },
    };
  }
  if (headers.get("sec-websocket-version") !== "13") {
    return {
      status: 426,
      text: "The version of the WebSocket protocol must be 13",
      headers: { "sec-websocket-version": "13" },
    };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  const isRight = method === "GET" && headers.has("host") &&
    tokens(headers, "connection").includes("upgrade") &&
    /^[\w+/]{22}==$/.test(key);
  if (!isRight) return { status: 400, text: "This is no WebSocket handshake" };
  if (!isAllowed(headers.get("origin"), headers.get("host"), origins)) {
    return {
      status: 403,
      text:
        "Pages of this origin may not connect here: the server's 'origins' do not name it",
    };
  }
  const offered = tokens(headers, "sec-websocket-protocol");
  const protocol = ([BYTES, TEXT] as const).find((it) => offered.includes(it));
  if (protocol === undefined) {
    return {
      status: 400,
      text: `The sub-protocol must be '${BYTES}' or '${TEXT}', offered was '${
        offered.join(", ")
      }'`,
    };
  }
  const request = { target, headers, cookies: cookiesIn(headers) };
  return { key, protocol, request };
}

/** Returns the items of a list header, in lower case. */
function tokens(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? "").toLowerCase().split(",")
    .map((token) => token.trim());
}

/** The constant of RFC 6455, 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Returns the value of `Sec-WebSocket-Accept` for a key. */
export async function acceptFor(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key + ACCEPT_GUID);
  return base64(new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)));
}

/** Returns a new value of `Sec-WebSocket-Key`. */
export function newKey(): string {
  return base64(crypto.getRandomValues(new Uint8Array(16)));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
