import type { CloseReason } from "../../channel/errors.ts";
import type { LimitOptions } from "../../channel/limits/limits.ts";
import type { OnError } from "../../channel/report.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { Transport } from "../../transports/transport.ts";

/** Options of a simulator that apply whichever side connects. */
export interface SimulatorOptions {
  /**
   * Closes the simulator when it aborts. If it aborts while `connectSimulator`
   * is connecting, the returned promise rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long a running call may continue at the end before `stop` runs anyway,
   * in milliseconds. `mosaik.signal` has aborted by then.
   *
   * @default {1_000}
   */
  readonly graceMs?: number | undefined;
  /**
   * How long `stop` may take, in milliseconds; `Infinity` for no limit. If it
   * takes longer, that is reported to `onError`, and the simulator is closed.
   *
   * @default {10_000}
   */
  readonly stopMs?: number | undefined;
  /**
   * How to handle `NaN` and infinities in outputs: `"error"` refuses them,
   * `"python"` sends them as Python does. Inputs may always contain them.
   *
   * @default {"error"}
   */
  readonly nonFinite?: "error" | "python" | undefined;
  /** Limits that replace the defaults. */
  readonly limits?: LimitOptions | undefined;
  /**
   * Encrypts connections over TCP. mosaik itself does not support encryption,
   * so this requires a proxy between the two.
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
   * Receives errors of this side, such as errors of `stop`, `setupDone`, `step`
   * and `getData`, invalid results, and protocol violations.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

/**
 * A simulator that serves mosaik, or waits for it. It owns its connection, and
 * its server if it has one.
 *
 * It ends when mosaik stops it, when mosaik is gone, or when it is closed here.
 * Then `mosaik.signal` aborts, the running call is awaited for up to `graceMs`,
 * the simulator's `stop` runs once, and the connection is closed.
 */
export interface RunningSimulator extends AsyncDisposable {
  /** The address of mosaik, or the address for mosaik to connect to. */
  readonly address: string;
  /**
   * Resolves to the reason when the simulator has ended, including `stop`. If
   * mosaik stopped it or is gone, `by` is `"peer"`, and `code` is `"closed"` or
   * `"lost"`. Never rejects.
   */
  readonly closed: Promise<CloseReason>;
  /**
   * Ends the simulator. Repeatable; joins an end in progress; never rejects.
   * The simulator's own functions should not await it, because it waits for
   * them.
   */
  close(): Promise<void>;
}
