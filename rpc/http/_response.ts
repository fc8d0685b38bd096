import { shownError, statusOf } from "./shown_error.ts";
import { isAsyncIterable, jsonOf } from "./json_result.ts";

/**
 * Returns the result of a call as JSON, or the items of a stream as JSON lines.
 */
export async function resultResponse(
  result: unknown,
  close: () => Promise<void>,
): Promise<Response> {
  if (isAsyncIterable(result)) return linesOf(result, close);
  const text = jsonOf(result);
  await close();
  return json(200, text);
}

/** Answers with the items as they arrive, at the pace of the reader. */
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
        // HTTP has no other way to signal that an answer is incomplete.
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

/** Returns the failure of a call, with the matching HTTP status. */
export function errorResponse(error: unknown): Response {
  return json(statusOf(error), JSON.stringify({ error: shownError(error) }));
}

/** Returns the refusal of a request that is not a call. */
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
