import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { openConnection } from "../../rpc/deno.ts";
import type { Remote } from "../../rpc/remote.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { CallAudit } from "./_call_audit.ts";
import { visitUntil } from "./_checks.ts";
import { checkEnded } from "./_checks.ts";
import { checkHandlerErrors } from "./_checks.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_link_conditions.ts";
import { callSome, TestService } from "./_test_service.ts";

/** The interval of heartbeats, in milliseconds. */
const HEARTBEAT_MS = 30;
/** The time limit of a call, in milliseconds. */
const TIMEOUT_MS = 400;
/** The numbers of simultaneous clients and of reconnecting clients. */
const CLIENTS = 20;
const LASTING_CLIENTS = 10;

/** Storms RPC: calls, callbacks, streams, and clients that reconnect. */
export async function stormRpc(world: TrialWorld): Promise<void> {
  const { ctx, random, counters, name, until } = world;
  const { network } = ctx;
  const audit = new CallAudit(name, counters);
  const service = new TestService(audit);
  const options = { heartbeatMs: HEARTBEAT_MS };
  const server = await ctx.rpc.startServer(service, options);
  const work = (remote: Remote<TestService>) => callSome(remote, random, audit);
  const open = () => ({
    ...ctx.options,
    ...options,
    timeoutMs: TIMEOUT_MS,
    signal: AbortSignal.timeout(until - performance.now() + 300),
  });
  const visit = async () => {
    const client = await openConnection<TestService>(server.address, open());
    const working = work(client.remote);
    if (random() < 0.3) {
      counters.add("clients killed");
      await nextTurn();
      await client.close({ graceMs: 0 });
    }
    await working;
    await client.close({ graceMs: 50 });
  };
  const last = async () => {
    await using client = await openReconnecting<TestService>(server.address, {
      ...open(),
      backoff: { initialMs: 1, maxMs: 20 },
    });
    while (performance.now() < until) await work(client.remote);
    counters.add("reconnections", client.stats().connections - 1);
  };
  await Promise.all([
    storm(network, random, until, counters),
    ...visitUntil(CLIENTS, visit, world),
    ...visitUntil(LASTING_CLIENTS, last, world),
  ]);
  await server.close({ graceMs: 200 });
  await checkEnded(service, world);
  audit.close();
  checkHandlerErrors(world);
}
