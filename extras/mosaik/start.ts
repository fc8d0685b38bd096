import { checkRange } from "../../channel/internal.ts";
import { openConnectionWith } from "../../channel/open.ts";
import { startServerWith } from "../../channel/server.ts";
import type {
  RunningSimulator,
  SimulatorOptions,
} from "./running_simulator.ts";
import type { Simulator } from "./simulator.ts";
import { channelOptions, SimulatorRun } from "./_simulator_run.ts";

/** Options for {@linkcode connectSimulator}. */
export interface ConnectSimulatorOptions extends SimulatorOptions {
  /**
   * How long to retry while mosaik cannot be reached, in milliseconds; 0 for
   * one attempt, `Infinity` for no limit.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
}

/**
 * Connects a simulator to mosaik, which listens at `address` for a simulator
 * that it has started with `cmd`.
 *
 * @param address The address of mosaik: `tcp://host:port`.
 * @throws {ConnectError} If mosaik could not be reached.
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

/** The default time for mosaik to connect. */
const TIMEOUT_MS = 60_000;

/** Options for {@linkcode listenSimulator}. */
export interface ListenSimulatorOptions extends SimulatorOptions {
  /**
   * How long mosaik may take to connect, in milliseconds; `Infinity` for no
   * limit. After that the simulator is closed.
   *
   * @default {60_000}
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Waits at `address` for mosaik to connect, as it does with `connect`, and
 * serves the simulator to it. Resolves as soon as it listens; its `address`
 * then contains the actual port. Only the first client that connects is served.
 *
 * ```ts
 * import { listenSimulator } from "@denomas/denomas/mosaik";
 * import { openConnection } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * await using simulator = await listenSimulator({
 *   meta: {
 *     type: "time-based",
 *     models: { Clock: { public: true, params: [], attrs: ["now"] } },
 *   },
 *   create: (num, type) =>
 *     Array.from({ length: num }, (_, i) => ({ eid: `clock-${i}`, type })),
 *   step: (time) => time + 60,
 * }, "local://clocks");
 *
 * // What mosaik does, first of all:
 * await using mosaik = await openConnection(simulator.address);
 * await mosaik.send(["init", ["Clocks-0"], { time_resolution: 1 }]);
 * assertEquals(await mosaik.send(["step", [0, {}, 3600], {}]), 60);
 * ```
 *
 * @param address The address to listen at: `tcp://host:port`, with port 0 for a
 * free one.
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If the address has no known form.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function listenSimulator<S extends Simulator>(
  simulator: S,
  address: string,
  options: ListenSimulatorOptions = {},
): Promise<RunningSimulator> {
  const { timeoutMs = TIMEOUT_MS, limits, signal } = options;
  checkRange("timeoutMs", timeoutMs, 0);
  signal?.throwIfAborted();
  const run = new SimulatorRun(simulator, options);
  const server = await startServerWith(
    run.startChannel,
    address,
    // A second client can only connect when the first is gone and this
    // simulator is ending.
    (channel) =>
      channel === run.channel ? undefined : channel.close({ graceMs: 0 }),
    {
      ...channelOptions(address, options),
      limits: { ...limits, connections: { ...limits?.connections, max: 1 } },
    },
  );
  run.begin(server.address, server, timeoutMs);
  return run;
}
