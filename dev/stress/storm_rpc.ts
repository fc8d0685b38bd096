import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { openConnection } from "../../rpc/deno.ts";
import type { Remote } from "../../rpc/remote.ts";
import { nextTurn } from "../../testing/step/_within.ts";
import { Accounts } from "./_accounts.ts";
import { visitUntil } from "./_clients.ts";
import { checkEnded } from "./_ended.ts";
import { checkHandlerErrors } from "./_errors.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_weather.ts";
import { callSome, Works } from "./_works.ts";

/** So often the sides ask for a sign of life, in milliseconds. */
const HEARTBEAT_MS = 30;
/** How long a call waits, in milliseconds. */
const TIMEOUT_MS = 400;
/** How many clients there are at once, and how many of those that reconnect. */
const CLIENTS = 20;
const LASTING_CLIENTS = 10;

/** RPC under a storm: calls, callbacks, streams, and clients that reconnect. */
export async function stormRpc(world: TrialWorld): Promise<void> {
  const { ctx, random, tally, name, until } = world;
  const { network } = ctx;
  const accounts = new Accounts(name, tally);
  const works = new Works(accounts);
  const options = { heartbeatMs: HEARTBEAT_MS };
  const server = await ctx.rpc.startServer(works, options);
  const work = (remote: Remote<Works>) => callSome(remote, random, accounts);
  const open = () => ({
    ...ctx.options,
    ...options,
    timeoutMs: TIMEOUT_MS,
    signal: AbortSignal.timeout(until - performance.now() + 300),
  });
  const visit = async () => {
    const client = await openConnection<Works>(server.address, open());
    const working = work(client.remote);
    if (random() < 0.3) {
      tally.add("clients killed");
      await nextTurn();
      await client.close({ graceMs: 0 });
    }
    await working;
    await client.close({ graceMs: 50 });
  };
  const last = async () => {
    await using client = await openReconnecting<Works>(server.address, {
      ...open(),
      backoff: { initialMs: 1, maxMs: 20 },
    });
    while (performance.now() < until) await work(client.remote);
    tally.add("reconnections", client.stats().connections - 1);
  };
  await Promise.all([
    storm(network, random, until, tally),
    ...visitUntil(CLIENTS, visit, world),
    ...visitUntil(LASTING_CLIENTS, last, world),
  ]);
  await server.close({ graceMs: 200 });
  await checkEnded(works, world);
  accounts.close();
  checkHandlerErrors(world);
}
