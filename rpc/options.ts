import type { CallOptions } from "./call_options.ts";
import { makeRemote, remoteNode } from "./_remote_proxy.ts";

/**
 * A proxy for the same as `remote` whose calls have `options`, also those of
 * its sub-services.
 *
 * ```ts
 * import { openConnection, service, startServer, withOptions } from "@denomas/denomas/rpc";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const slow = service({ never: () => new Promise<void>(() => {}) });
 * await using server = await startServer("local://options", slow);
 * await using client = await openConnection<typeof slow>(server.address);
 * await assertRejects(() => withOptions(client.remote, { timeoutMs: 1 }).never());
 * ```
 *
 * @throws {TypeError} If `remote` is no proxy.
 */
export function withOptions<T>(remote: T, options: CallOptions): T {
  const node = expectNode(remote, "set options");
  const merged = { ...node.options, ...options };
  return makeRemote(node.caller, node.path, merged) as T;
}

/** Whether two proxies stand for the same on the same connection. */
export function sameRemote(a: unknown, b: unknown): boolean {
  const [one, other] = [remoteNode(a), remoteNode(b)];
  return one !== undefined && one.caller === other?.caller &&
    one.path === other.path;
}

/**
 * Keeps a function or service that was passed as an argument beyond the call
 * that passed it, until the result is disposed of or the connection ends.
 *
 * To be called in the method, before its call is answered.
 *
 * @throws {TypeError} If `remote` is no proxy.
 */
export function keep<T>(remote: T): T & Disposable {
  const { caller, path } = expectNode(remote, "keep");
  caller.keep(path);
  return remote as T & Disposable;
}

function expectNode(remote: unknown, act: string) {
  const node = remoteNode(remote);
  if (node !== undefined) return node;
  throw new TypeError(
    `Cannot ${act}: this is no proxy of something on another side`,
  );
}
