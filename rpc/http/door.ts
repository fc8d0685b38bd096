import { formatAddress } from "../../transports/address.ts";
import { DoorSlot } from "../../transports/door_slot.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
import { cookiesIn } from "../../transports/upgrade_request.ts";
import {
  checkOrigins,
  isAllowed,
  type Origins,
} from "../../transports/websocket/origin.ts";
import { isServicePath } from "../references/_call_content.ts";
import { jsonOf } from "./json_result.ts";
import { callOnce } from "./one_call.ts";
import { errorResponse, refusal, resultResponse } from "./_response.ts";

/** The default maximum size of a body, in bytes. */
const MAX_BODY_BYTES = 1_024 * 1_024;

/** Options for {@linkcode httpDoor}. */
export interface HttpDoorOptions {
  /**
   * The path prefix of calls.
   *
   * @default {"/rpc/"}
   */
  readonly prefix?: string | undefined;
  /**
   * The pages that may call: pages of the server's own origin, of any origin,
   * or of a list of origins. Requests without an `Origin` header do not come
   * from a page, and are accepted.
   *
   * @default {"same"}
   */
  readonly origins?: Origins | undefined;
  /**
   * The maximum size of a request body, in bytes.
   *
   * @default {1_048_576}
   */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * A transport that accepts single calls from an HTTP server. Created by
 * {@linkcode httpDoor}.
 */
export interface HttpDoor extends Transport {
  /** The address to listen at. */
  readonly address: string;
  /** The path prefix of calls. */
  readonly prefix: string;
  /**
   * Answers a request whose path begins with the prefix; returns `null` for any
   * other request. Pass `info`, so that limits per host can identify the
   * client.
   */
  call(
    request: Request,
    info?: { readonly remoteAddr?: unknown },
  ): Promise<Response> | null;
}

let doors = 0;

/**
 * Returns a door for calls by plain HTTP, for example from curl, webhooks or
 * other languages: `POST /rpc/path/of/method` with the arguments as a JSON
 * array. Each call is handled like any other, with the same `authenticate`,
 * middleware, schemas, limits and masking of errors.
 *
 * ```ts
 * import { httpDoor } from "@denomas/denomas/http";
 * import { service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const adder = service({ add: (a: number, b: number) => a + b });
 * const door = httpDoor();
 * await using rpc = await startServer(door.address, adder, {
 *   transports: [door],
 * });
 *
 * // In Deno.serve: (request, info) => door.call(request, info) ?? page(request)
 * const request = new Request("http://localhost/rpc/add", {
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   body: "[1, 2]",
 * });
 * const response = await door.call(request)!;
 * assertEquals([response.status, await response.json()], [200, 3]);
 * ```
 *
 * The `credentials` for `authenticate` are the token of the header
 * `Authorization: Bearer …`; `authenticate` also gets the request. A stream is
 * answered as JSON lines; if it fails after its first item, an empty line and
 * the error end them. If the client disconnects, its call is cancelled.
 *
 * @throws {TypeError} If `origins` has an entry that is not an origin.
 */
export function httpDoor(options: HttpDoorOptions = {}): HttpDoor {
  const {
    prefix = "/rpc/",
    origins = "same",
    maxBodyBytes = MAX_BODY_BYTES,
  } = options;
  checkOrigins(origins);
  const address = `http://door-${++doors}`;
  const slot = new DoorSlot(address);
  let report = (_error: unknown) => {};
  return {
    scheme: "http",
    address,
    prefix,
    listen: async (at, accept, { onError } = {}) => {
      const listener = await slot.listen(at, accept);
      if (onError !== undefined) report = onError;
      return listener;
    },
    // deno-lint-ignore require-await -- it must reject, not throw
    connect: async (at) => {
      throw new TypeError(
        `Cannot connect to '${at}': a door only lets others in, use 'fetch'`,
      );
    },
    call: (request, info) => {
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith(prefix)) return null;
      const problem = problemOf(request, origins);
      if (problem !== null) return Promise.resolve(problem);
      const { accept } = slot;
      if (accept === null) {
        const text = "The server of this door has not started, or has closed";
        return Promise.resolve(refusal(503, "unavailable", text));
      }
      const path = decodePath(pathname.slice(prefix.length));
      if (!isServicePath(path)) {
        return Promise.resolve(refusal(404, "not_found", "No such method"));
      }
      const far = farEnd(request, info?.remoteAddr);
      return answer({
        request,
        path,
        far,
        accept,
        address,
        maxBodyBytes,
        report,
      });
    },
  };
}

/**
 * Returns the refusal of a request that is not an acceptable call, or `null`.
 */
function problemOf(request: Request, origins: Origins): Response | null {
  const { method, headers } = request;
  if (method !== "POST") {
    return refusal(405, "method", "Calls are made by POST", { allow: "POST" });
  }
  if (!isAllowed(headers.get("origin"), headers.get("host"), origins)) {
    return refusal(403, "origin", "Pages of this origin may not call");
  }
  // A page may send other content types to any server without a preflight
  // request.
  const type = headers.get("content-type")?.split(";")[0]?.trim();
  if (type?.toLowerCase() === "application/json") return null;
  return refusal(
    415,
    "type",
    "The arguments are JSON, sent as 'content-type: application/json'",
  );
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Returns the server's end of a connection for one call. */
function farEnd(request: Request, remoteAddr: unknown) {
  const { hostname = "unknown", port = 0 } = (remoteAddr ?? {}) as {
    readonly hostname?: string;
    readonly port?: number;
  };
  const headers = new Headers(request.headers);
  const { pathname, search } = new URL(request.url);
  return {
    remoteAddress: formatAddress({ scheme: "http", host: hostname, port }),
    request: {
      target: pathname + search,
      headers,
      cookies: cookiesIn(headers),
    },
  };
}

/** The parameters of one call. */
interface HttpCall {
  readonly request: Request;
  readonly path: string;
  readonly far: ReturnType<typeof farEnd>;
  readonly accept: (connection: Connection) => void;
  readonly address: string;
  readonly maxBodyBytes: number;
  /** Receives the error for a result that JSON cannot express. */
  readonly report: (error: unknown) => void;
}

/** Makes a call over its own connection, which ends with the answer. */
async function answer(call: HttpCall): Promise<Response> {
  const { request, maxBodyBytes, ...rest } = call;
  const args = await argumentsIn(request, maxBodyBytes);
  if (args instanceof Response) return args;
  const { signal } = request;
  const credentials = bearerOf(request);
  let close = () => Promise.resolve();
  try {
    const made = await callOnce({ ...rest, args, credentials, signal });
    close = made.close;
    const toJson = (value: unknown) => jsonOrReport(call, value);
    return await resultResponse({ ...made, toJson });
  } catch (error) {
    await close();
    return errorResponse(error);
  }
}

/** Returns `value` as JSON, or throws the error that it also reports. */
function jsonOrReport({ path, report }: HttpCall, value: unknown): string {
  try {
    return jsonOf(path, value);
  } catch (error) {
    report(error);
    throw error;
  }
}

function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization") ?? "";
  return /^Bearer +(.+)$/i.exec(header)?.[1];
}

/** Returns the arguments of a call, or the refusal of its body. */
async function argumentsIn(
  request: Request,
  maxBodyBytes: number,
): Promise<unknown[] | Response> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      return refusal(413, "size", `The body is over ${maxBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  if (bytes === 0) return [];
  try {
    const args: unknown = JSON.parse(
      await new Blob(chunks as BlobPart[]).text(),
    );
    if (Array.isArray(args)) return args;
  } catch {
    // Invalid JSON is refused like a body that is not an array.
  }
  return refusal(400, "body", "The body must be a JSON list of arguments");
}
