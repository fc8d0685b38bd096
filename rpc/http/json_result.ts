import { remoteNode } from "../references/_remote_proxy.ts";

/**
 * Returns a result as JSON.
 *
 * @throws {TypeError} If the result is a function or service, which cannot
 * outlive its connection.
 */
export function jsonOf(result: unknown): string {
  if (remoteNode(result) === undefined) return JSON.stringify(result) ?? "null";
  throw new TypeError(
    "Cannot answer: the result is a function or service, which lives as long as a connection; call it over WebSocket",
  );
}

/** Whether a result is a stream. */
export function isAsyncIterable(
  value: unknown,
): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null &&
    Symbol.asyncIterator in value;
}
