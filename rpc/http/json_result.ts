import { printable } from "../../transports/printable.ts";
import { remoteNode } from "../references/_remote_proxy.ts";

/**
 * Returns a result of the method at `path`, or an item of it, as JSON.
 *
 * @throws {TypeError} If it contains a value that no JSON stands for.
 */
export function jsonOf(path: string, result: unknown): string {
  function check(this: unknown, key: string, value: unknown): unknown {
    // Not `value`, for which a `toJSON` may have been called.
    const raw: unknown = Reflect.get(this as object, key);
    const found = typeof value === "bigint"
      ? "bigint; send a string"
      : remoteNode(raw) !== undefined
      ? "function or service, which lives as long as a connection; call it over a connection, such as WebSocket"
      : isAsyncIterable(raw)
      ? "stream within other data; return the stream itself, or call it over a connection, such as WebSocket"
      : null;
    if (found === null) return value;
    throw new TypeError(
      `Cannot answer '${printable(path)}' by JSON: the result holds a ${found}`,
    );
  }
  return JSON.stringify(result, check) ?? "null";
}

/** Whether a result is a stream. */
export function isAsyncIterable(
  value: unknown,
): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null &&
    Symbol.asyncIterator in value;
}
