import { shownError, statusOf } from "./shown_error.ts";
import { isAsyncIterable } from "./json_result.ts";

/** The result of a call, with what its answer needs. */
export interface Answered {
  readonly result: unknown;
  /** Returns the result, or an item of it, as JSON. */
  toJson(value: unknown): string;
  /** Ends the call, and with it any stream in its result. */
  close(): Promise<void>;
}

/**
 * Returns the result of a call as JSON, or the items of a stream as JSON lines.
 *
 * @throws {TypeError} If `toJson` does.
 * @throws {unknown} The error of a stream that fails before its first item.
 */
export async function resultResponse(answered: Answered): Promise<Response> {
  const { result, toJson, close } = answered;
  if (isAsyncIterable(result)) return await linesOf(result, answered);
  const text = toJson(result);
  await close();
  return json(200, text);
}

/** Answers with the items as they arrive, at the pace of the reader. */
async function linesOf(
  items: AsyncIterable<unknown>,
  { toJson, close }: Answered,
): Promise<Response> {
  const iterator = items[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await iterator.next();
    return done ? null : `${toJson(value)}\n`;
  };
  // Awaited before the status is sent, because it may fail.
  let first: string | null | undefined = await nextLine();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const line = first === undefined ? await nextLine() : first;
        first = undefined;
        if (line !== null) return controller.enqueue(encoder.encode(line));
      } catch (error) {
        // Not an error of the body: servers report it as one of their own. No
        // item is an empty line.
        controller.enqueue(encoder.encode(`\n${errorText(error)}\n`));
      }
      controller.close();
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
  return json(statusOf(error), errorText(error));
}

function errorText(error: unknown): string {
  return JSON.stringify({ error: shownError(error) });
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
