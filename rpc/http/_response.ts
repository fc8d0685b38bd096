import {
  RemoteError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { isInstance } from "../_failure.ts";
import {
  AuthenticationError,
  MethodNotFoundError,
  ValidationError,
} from "../errors.ts";
import { remoteNode } from "../references/_remote_proxy.ts";

/** The result of a call as JSON, or the items of a stream, one a line. */
export async function resultResponse(
  result: unknown,
  close: () => Promise<void>,
): Promise<Response> {
  if (isAsyncIterable(result)) return linesOf(result, close);
  if (remoteNode(result) !== undefined) {
    throw new TypeError(
      "Cannot answer: the result is a function or service, which lives as long as a connection; call it over WebSocket",
    );
  }
  const text = JSON.stringify(result) ?? "null";
  await close();
  return json(200, text);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null &&
    Symbol.asyncIterator in value;
}

/** Answers with the items as they come; the reader sets the pace. */
function linesOf(
  items: AsyncIterable<unknown>,
  close: () => Promise<void>,
): Response {
  const iterator = items[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await iterator.next();
        if (!done) {
          const line = JSON.stringify(value) ?? "null";
          return controller.enqueue(encoder.encode(`${line}\n`));
        }
        controller.close();
      } catch (error) {
        // HTTP has no other way to say that an answer is not complete.
        controller.error(error);
      }
      await close();
    },
    async cancel() {
      await iterator.return?.();
      await close();
    },
  });
  const headers = { "content-type": "application/x-ndjson" };
  return new Response(body, { headers });
}

/** The failure of a call, with the status that HTTP has for it. */
export function errorResponse(error: unknown): Response {
  const { name, message, code, data } = error as Partial<RemoteError>;
  const isRemote = isInstance(error, RemoteError);
  const shown = {
    name: isRemote ? error.remoteName : name,
    message,
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
  return json(statusOf(error), JSON.stringify({ error: shown }));
}

function statusOf(error: unknown): number {
  if (isInstance(error, ValidationError)) {
    return error.part === "argument" ? 400 : 500;
  }
  if (isInstance(error, AuthenticationError)) return 401;
  if (isInstance(error, MethodNotFoundError)) return 404;
  if (isInstance(error, ServerBusyError)) return 503;
  if (isInstance(error, TimeoutError)) return 504;
  // A service chose to tell this error; all others are masked.
  const { code } = error as Partial<RemoteError>;
  const isTold = isInstance(error, RemoteError) && code !== undefined &&
    code !== "internal";
  return isTold ? 422 : 500;
}

/** Refuses a request that is no call. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const error = { name: "HttpError", code, message };
  return json(status, JSON.stringify({ error }), headers);
}

function json(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
