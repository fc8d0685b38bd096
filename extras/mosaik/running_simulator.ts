import type { CloseReason } from "../../channel/errors.ts";
import type { LimitOptions } from "../../channel/limits/limits.ts";
import type { OnError } from "../../channel/report.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { Transport } from "../../transports/transport.ts";

/** Options of a simulator, whichever side connects. */
export interface SimulatorOptions {
  /**
   * Closes the simulator when it aborts, or gives up connecting; the promise
   * of `connectSimulator` then rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long a call that is running may go on at the end before `stop` runs
   * all the same, in milliseconds. Its `mosaik.signal` has aborted by then.
   *
   * @default {1_000}
   */
  readonly graceMs?: number | undefined;
  /**
   * How long `stop` may take, in milliseconds; `Infinity` for ever. One that
   * takes longer is reported to `onError`, and the simulator is closed.
   *
   * @default {10_000}
   */
  readonly stopMs?: number | undefined;
  /**
   * What becomes of `NaN` and the infinities in outputs: `"error"` refuses
   * them, `"python"` sends them as Python does. Inputs may have them always.
   *
   * @default {"error"}
   */
  readonly nonFinite?: "error" | "python" | undefined;
  /** Limits to put in the place of the defaults. */
  readonly limits?: LimitOptions | undefined;
  /**
   * Encrypts connections over TCP. mosaik itself does not: this is for a proxy
   * between the two.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * The transports to choose from, by the scheme of the address.
   *
   * @default {TCP, Unix sockets and memory}
   */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * Hears of errors that mosaik is not told: what `stop` throws, and breaches
   * of the protocol.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

/**
 * A simulator that serves mosaik, or waits for it. It owns its connection, and
 * the server if it has one.
 *
 * It ends when mosaik stops it, when mosaik is gone, or when it is closed
 * here. Then `mosaik.signal` aborts, the call that is running is waited for,
 * the simulator's `stop` runs, once, and the connection is closed.
 */
export interface RunningSimulator extends AsyncDisposable {
  /** Where mosaik is, or where it is to connect to. */
  readonly address: string;
  /**
   * Resolves when all is over, `stop` included, to the reason; `by` is
   * `"peer"` if mosaik stopped it or is gone, which `reason` tells apart.
   * Never rejects.
   */
  readonly closed: Promise<CloseReason>;
  /**
   * Ends it. Repeatable; joins an end in progress; never rejects. What mosaik
   * calls should not await it, since it waits for that.
   */
  close(): Promise<void>;
}
