import type { CallOptions } from "./call.ts";
import { ReferenceReleasedError } from "./errors.ts";
import {
  type Claim,
  makeRemote,
  type RemoteNode,
  remoteNode,
} from "./references/_remote_proxy.ts";

/**
 * Returns a proxy for the same target as `remote` whose calls have `options`.
 * Calls of its sub-services have them, too.
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
  return makeRemote(node.caller, node.path, {
    ...node,
    options: { ...node.options, ...options },
  }) as T;
}

/**
 * Returns whether two proxies have the same target on the same connection, or
 * stand for the same agent.
 */
export function sameRemote(a: unknown, b: unknown): boolean {
  const [one, other] = [remoteNode(a), remoteNode(b)];
  if (one === undefined || other === undefined) return false;
  if (one.caller === other.caller && one.path === other.path) return true;
  return one.place !== null && one.place.address === other.place?.address;
}

/**
 * Keeps a function or service of the other side until the result is disposed of
 * or the connection ends. A function that was passed as an argument is released
 * with its call, unless the method calls `keep` before it answers. A function
 * that was returned is kept anyway, and is returned unchanged.
 *
 * ```ts
 * import { keep, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const makers = service({
 *   adder: (a: number) => (b: number): number => a + b,
 * });
 * await using server = await startServer("local://keep", makers);
 * await using client = await openConnection<typeof makers>(server.address);
 * using add = keep(await client.remote.adder(1));
 * assertEquals(await add(2), 3);
 * ```
 *
 * @throws {TypeError} If `remote` is no proxy.
 * @throws {ReferenceReleasedError} If it was disposed of.
 */
export function keep<T>(remote: T): T & Disposable {
  const node = expectNode(remote, "keep");
  const { caller, path, claim } = node;
  if (claim.state === "owned") return remote as T & Disposable;
  if (claim.state === "released") {
    throw new ReferenceReleasedError(
      `Cannot keep ${remote}: it was disposed of, do so after the last use`,
    );
  }
  const owned: Claim = { state: "owned" };
  caller.keep?.(path, owned);
  return makeRemote(caller, path, { ...node, claim: owned }) as
    & T
    & Disposable;
}

function expectNode(remote: unknown, act: string): RemoteNode {
  const node = remoteNode(remote);
  if (node !== undefined) return node;
  throw new TypeError(
    `Cannot ${act}: the value is no proxy, pass one that a call or a connection returned`,
  );
}
