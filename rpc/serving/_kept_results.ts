import { IdTable } from "../../channel/tables/id_table.ts";
import type { SessionContext } from "../_session_context.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { optionsOf } from "../service/expose.ts";
import { RESULT_PREFIX } from "../references/_piped_argument.ts";
import { holdBytes } from "../references/_message_context.ts";
import { forward } from "../references/_references.ts";
import { remoteNode } from "../references/_remote_proxy.ts";
import { resolveMethod, type Target } from "../references/_resolve.ts";
import { isService, type Method, subService } from "../service/service.ts";
import { roughBytes } from "../streams/_rough_bytes.ts";

/** The approximate size of a kept result without its value, in bytes. */
const RESULT_BYTES = 512;

/** The result of a call that may still be running. */
interface KeptResult {
  readonly id: number;
  value: Promise<unknown>;
  /** The bytes that it holds of the budget. */
  bytes: number;
}

/**
 * Results that the other side uses in further calls before they arrive there.
 * The other side chooses their keys, and forgets each result when it has
 * arrived.
 */
export class KeptResults {
  /**
   * Not a `Map`: the other side chooses the keys, and could choose colliding
   * ones to make it slow.
   */
  readonly #results = new IdTable<KeptResult>();
  readonly #session: SessionContext;

  /** Results count towards the budget of the channel of `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** The number of kept results. */
  get size(): number {
    return this.#results.size;
  }

  /** Keeps the result of a call. Replaces a result with the same key. */
  keep(id: number, result: unknown): void {
    this.forget(id);
    const kept: KeptResult = { id, value: Promise.resolve(), bytes: 0 };
    kept.value = Promise.resolve(result).then((value) => {
      this.#hold(kept, roughBytes(value, Infinity));
      return value;
    });
    // The reply to the call carries the error.
    kept.value.catch(() => {});
    this.#results.add(kept);
    this.#hold(kept, RESULT_BYTES);
  }

  #hold(kept: KeptResult, bytes: number): void {
    if (this.#results.get(kept.id) !== kept) return;
    holdBytes(this.#session.channel.budget, bytes);
    kept.bytes += bytes;
  }

  /** Forgets a result. Repeatable. */
  forget(id: number): void {
    const kept = this.#results.get(id);
    if (kept === undefined) return;
    this.#results.delete(id);
    this.#session.channel.budget.release(kept.bytes);
  }

  /** Forgets all results, because the connection is gone. */
  clear(): void {
    this.#results.clear();
  }

  /**
   * Resolves to the value at `path`, which begins with
   * {@linkcode RESULT_PREFIX}.
   *
   * @throws {ReferenceReleasedError} If the result is not kept.
   */
  async valueAt(path: string): Promise<unknown> {
    const [key, ...names] = path.slice(RESULT_PREFIX.length).split("/");
    const kept = this.#results.get(Number(key));
    if (kept === undefined) {
      throw new ReferenceReleasedError(
        "Cannot use a result: it is not kept, call the method again",
      );
    }
    let value = await kept.value;
    for (const name of names) value = memberOf(value, name);
    return value;
  }

  /** Resolves to the method at `path`, or to `null` if there is none. */
  async targetAt(path: string): Promise<Target | null> {
    const slash = path.indexOf("/", RESULT_PREFIX.length) === -1
      ? path.length
      : path.lastIndexOf("/");
    const value = await this.valueAt(path.slice(0, slash));
    const name = path.slice(slash + 1);
    const node = remoteNode(value);
    if (node !== undefined) return forward(node, name);
    if (isService(value)) return resolveMethod(value, name);
    const method = name === "" ? value : memberOf(value, name);
    const passed = remoteNode(method);
    if (passed !== undefined) return forward(passed, "");
    return typeof method === "function"
      ? {
        service: undefined,
        method: method as Method,
        options: optionsOf(method),
        queue: null,
      }
      : null;
  }
}

/**
 * Returns a sub-service, a member of a proxy, or an own property of plain data.
 */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value === "function") {
    return remoteNode(value) && Reflect.get(value, name);
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (isService(value)) return subService(value, name);
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || Array.isArray(value);
  return isPlain && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
