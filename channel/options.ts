import { transportFor } from "../transports/address.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import type { Transport } from "../transports/transport.ts";
import type { Budget } from "./limits/budget.ts";
import type { Codec } from "./codecs/codec.ts";
import { json } from "./codecs/json/json.ts";
import type { Serializer } from "./codecs/types/serializer.ts";
import { TypeTable } from "./codecs/types/type_table.ts";
import { checkRange } from "./limits/_check_range.ts";
import {
  type LimitOptions,
  type Limits,
  resolveLimits,
} from "./limits/limits.ts";
import { guardedOnError, type OnError } from "./report.ts";

/** What both ends of a connection are made with. */
export interface ChannelOptions {
  /**
   * How messages become bytes; the same on both sides.
   *
   * @default {json()}
   */
  readonly codec?: Codec | undefined;
  /**
   * Classes whose instances may be sent; the same on both sides, in the same
   * order.
   *
   * @default {[]}
   */
  readonly serializers?: readonly Serializer[] | undefined;
  /**
   * How long a call waits for its answer, in milliseconds; `Infinity` for ever.
   *
   * @default {Infinity}
   */
  readonly timeoutMs?: number | undefined;
  /** Limits to put in the place of the defaults. */
  readonly limits?: LimitOptions | undefined;
  /**
   * The transports to choose from: the one that has the scheme of the address
   * is used.
   *
   * @default {TCP, Unix sockets and memory}
   */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * Encrypts connections over TCP, and verifies peers by certificates. Cannot
   * be used with another address, nor together with `transports`: there it is
   * an option of `tcp`.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * Hears of errors that no caller awaits.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

const DEFAULT_CODEC = json();

/** An option for the layers above. */
export interface BudgetOptions {
  /**
   * What all connections of one owner may hold together.
   *
   * @default {of a server, one of `limits.requests.maxServerHeldBytes`; else nothing more than
   * each connection's own}
   */
  readonly budget?: Budget | undefined;
}

/**
 * Returns the transport for `address`. The options must have been completed by
 * an entry for the platform, which turns `tls` into a transport.
 *
 * @throws {TypeError} If there is no such transport, or `tls` is left over.
 */
export function chooseTransport(
  address: string,
  { transports = [], tls }: Pick<ChannelOptions, "transports" | "tls">,
): Transport {
  if (tls === undefined) return transportFor(address, transports);
  throw new TypeError(
    `Cannot use address '${address}' with TLS: give 'tls' to the transport, as in 'transports: [tcp({ tls })]'`,
  );
}

/** The options with all defaults filled in. */
export interface ResolvedOptions {
  /** What the budget of each connection counts towards. */
  readonly budget: Budget | null;
  readonly codec: Codec;
  readonly types: TypeTable;
  readonly limits: Limits;
  readonly timeoutMs: number;
  readonly onError: OnError;
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a limit or `timeoutMs` is out of range.
 */
export function resolveOptions(
  options: ChannelOptions & BudgetOptions,
): ResolvedOptions {
  const limits = resolveLimits(options.limits);
  const timeoutMs = options.timeoutMs ?? Infinity;
  checkRange("timeoutMs", timeoutMs, 0);
  return {
    budget: options.budget ?? null,
    codec: options.codec ?? DEFAULT_CODEC,
    types: new TypeTable(options.serializers ?? [], limits.frames),
    limits,
    timeoutMs,
    onError: guardedOnError(options.onError),
  };
}
