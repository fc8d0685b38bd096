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

/** Options for both ends of a connection. */
export interface ChannelOptions {
  /**
   * The encoding of messages. It must be the same on both sides.
   *
   * @default {json()}
   */
  readonly codec?: Codec | undefined;
  /**
   * Serializers for the classes whose instances can be sent. They must be the
   * same on both sides, in the same order.
   *
   * @default {[]}
   */
  readonly serializers?: readonly Serializer[] | undefined;
  /**
   * The longest wait of a call for its reply, in milliseconds. `Infinity` waits
   * forever.
   *
   * @default {Infinity}
   */
  readonly timeoutMs?: number | undefined;
  /** Limits that replace the default limits. */
  readonly limits?: LimitOptions | undefined;
  /**
   * The transports to choose from. The scheme of the address selects one.
   *
   * @default {TCP, Unix sockets and memory}
   */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * Encrypts connections over TCP, and verifies peers by certificates. Cannot
   * be used with other addresses, nor together with `transports`: in that case,
   * pass it to `tcp`.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * Receives errors that no caller awaits.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

const DEFAULT_CODEC = json();

/** Options for the layers above. */
export interface BudgetOptions {
  /**
   * The budget of all connections of one owner together.
   *
   * @default {for a server, one of `limits.requests.maxServerHeldBytes`; for a
   * client, none}
   */
  readonly budget?: Budget | undefined;
}

/**
 * Returns the transport for `address`. An entry for the platform must have
 * completed the options before, and have converted `tls` to a transport.
 *
 * @throws {TypeError} If there is no such transport, or `tls` is still set.
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

/**
 * Renews the certificates of those `transports` that have certificates.
 *
 * @throws {TypeError} If no transport has certificates, or they cannot be used.
 */
export async function renewCertificates(
  who: string,
  transports: readonly Transport[],
  changes: TlsOptions | undefined,
): Promise<void> {
  const secure = transports.filter((it) => it.renewCertificate !== undefined);
  if (secure.length === 0) {
    throw new TypeError(
      `Cannot renew the certificate of ${who}: it does not use TLS, give it 'tls'`,
    );
  }
  for (const it of secure) await it.renewCertificate!(changes);
}

/** The options of a channel with all defaults filled in. */
export interface ResolvedOptions {
  /** The parent of the budget of each connection. */
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
  return isUsual(options) ? USUAL_OPTIONS : resolve(options);
}

/** Returns whether none of these options is set, as for most clients. */
function isUsual(options: ChannelOptions & BudgetOptions): boolean {
  const { budget, codec, limits, onError, serializers, timeoutMs } = options;
  return (budget ?? codec ?? limits ?? onError ?? serializers ?? timeoutMs) ===
    undefined;
}

function resolve(options: ChannelOptions & BudgetOptions): ResolvedOptions {
  const limits = resolveLimits(options.limits);
  const timeoutMs = options.timeoutMs ?? Infinity;
  checkRange("timeoutMs", timeoutMs, 0);
  const { budget = null, codec = DEFAULT_CODEC, serializers = [] } = options;
  const { carries } = codec;
  return {
    budget,
    codec,
    types: new TypeTable(serializers, { ...limits.frames, carries }),
    limits,
    timeoutMs,
    onError: guardedOnError(options.onError),
  };
}

/** The options of most clients. Shared to save memory. */
export const USUAL_OPTIONS: ResolvedOptions = resolve({});
