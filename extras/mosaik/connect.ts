import { openConnectionWith } from "../../channel/open.ts";
import type {
  RunningSimulator,
  SimulatorOptions,
} from "./running_simulator.ts";
import type { Simulator } from "./simulator.ts";
import { channelOptions, SimulatorRun } from "./_simulator_run.ts";

/** Options for {@linkcode connectSimulator}. */
export interface ConnectSimulatorOptions extends SimulatorOptions {
  /**
   * For how long to try again while mosaik cannot be reached, in milliseconds;
   * 0 for one attempt, `Infinity` for ever.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
}

/**
 * Connects a simulator to mosaik, which listens at `address` for one that it
 * has started by `cmd`.
 *
 * @param address Where mosaik is: `tcp://host:port`.
 * @throws {ConnectError} If nobody could be reached.
 * @throws {TypeError} If the address has no known form.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function connectSimulator<S extends Simulator>(
  simulator: S,
  address: string,
  options: ConnectSimulatorOptions = {},
): Promise<RunningSimulator> {
  const run = new SimulatorRun(simulator, options);
  const channel = await openConnectionWith(run.startChannel, address, {
    ...channelOptions(address, options),
    retryForMs: options.retryForMs,
    signal: options.signal,
  });
  run.begin(channel.remoteAddress, null);
  return run;
}
