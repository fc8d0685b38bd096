import type { LimitOptions } from "../../channel/limits/limits.ts";
import type { Remote } from "../../rpc/remote.ts";
import { comesTrue } from "../shared/wait.ts";
import { type Endpoint, endpointAt } from "./_endpoint.ts";
import type { Outcome } from "./_numbered_calls.ts";
import { ServerControl } from "./peers/test_server.ts";
import { steer, type Steered } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** A test server in a separate process. */
export interface OpenTestServer extends Steered<ServerControl> {
  readonly endpoint: Endpoint;
}

/** Opens a test server with the transport and codec of the trial. */
export async function openTestServer(
  world: TrialWorld,
  limits: LimitOptions = {},
): Promise<OpenTestServer> {
  const { ctx } = world;
  const server = await steer(
    () => new ServerControl(),
    "test_server.ts",
    world,
  );
  const address = await server.remote.open(
    endpointAt(ctx.address, ctx),
    limits,
  );
  return { ...server, endpoint: endpointAt(address, ctx) };
}

/** Adds calls of other processes to the counters of the run. */
export function countOutcomes(
  kind: string,
  outcomes: readonly Outcome[],
  { counters, name }: TrialWorld,
): void {
  for (const { made, answered, refused, troubles } of outcomes) {
    counters.add("calls", made);
    counters.add(`call: ${kind}`, made);
    counters.add("calls answered", answered);
    if (refused > 0) counters.add("failed: ServerBusyError", refused);
    for (const trouble of troubles) counters.breach(`${name}: ${trouble}`);
  }
}

/**
 * Checks a server whose clients have left: every call that was not refused must
 * have run once, and nothing may be left.
 */
export async function checkTestServer(
  server: Remote<ServerControl>,
  outcomes: readonly Outcome[],
  { counters, name }: TrialWorld,
): Promise<void> {
  const taken = outcomes.reduce((sum, it) => sum + it.made - it.refused, 0);
  let figures = await server.figures();
  const isEmpty = await comesTrue(async () => {
    figures = await server.figures();
    return figures.connections + figures.pending === 0;
  });
  const { runs, connections, pending } = figures;
  if (runs !== taken) {
    counters.breach(`${name}: ${taken} calls ran ${runs} times`);
  }
  if (isEmpty) return;
  counters.breach(
    `${name}: all clients have left, and the server has ${connections} ` +
      `connections and ${pending} entries of tables`,
  );
}
