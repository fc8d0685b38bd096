import { checkRange } from "../../channel/internal.ts";
import { json } from "../../channel/codecs/json/json.ts";
import {
  type ConnectionOptions,
  openConnectionWith,
} from "../../channel/open.ts";
import { startServerWith } from "../../channel/server.ts";
import { withTransports } from "../../transports/defaults.ts";
import { type RunOptions, SimulatorRun } from "./_simulator_run.ts";
import type { SimulatorFunctions } from "./simulator.ts";

/** How long mosaik may take to connect where nothing else is asked. */
const TIMEOUT_MS = 60_000;

/** Connects a simulator to mosaik. */
export async function connectRun(
  simulator: SimulatorFunctions,
  address: string,
  options: RunOptions & Pick<ConnectionOptions, "retryForMs">,
): Promise<SimulatorRun> {
  const run = new SimulatorRun(simulator, options);
  const channel = await openConnectionWith(run.startChannel, address, {
    ...channelOptions(address, options),
    retryForMs: options.retryForMs,
    signal: options.signal,
  });
  run.begin(channel.remoteAddress, null);
  return run;
}

/** Listens until mosaik connects to a simulator. */
export async function listenRun(
  simulator: SimulatorFunctions,
  address: string,
  options: RunOptions & { readonly timeoutMs?: number | undefined },
): Promise<SimulatorRun> {
  const { timeoutMs = TIMEOUT_MS, signal } = options;
  checkRange("timeoutMs", timeoutMs, 0);
  signal?.throwIfAborted();
  const run = new SimulatorRun(simulator, options);
  const server = await startServerWith(
    run.startChannel,
    address,
    // A second one finds the first gone, and this simulator at its end.
    (channel) => run.owns(channel) ? undefined : channel.close({ graceMs: 0 }),
    {
      ...channelOptions(address, options),
      limits: {
        ...options.limits,
        connections: { ...options.limits?.connections, max: 1 },
      },
    },
  );
  run.begin(server.address, server);
  run.waitFor(timeoutMs);
  return run;
}

function channelOptions(
  address: string,
  { nonFinite = "error", limits, tls, transports, onError }: RunOptions,
): ConnectionOptions {
  const codec = json({ nonFinite });
  return withTransports(address, { codec, limits, tls, transports, onError });
}
