import { randomInteger } from "../../testing/network/random.ts";
import { CallAudit } from "./_call_audit.ts";
import { NUMBERS_EACH } from "./_call_log.ts";
import { checkEnded } from "./_checks.ts";
import { comesTrue } from "../shared/wait.ts";
import { checkHandlerErrors } from "./_checks.ts";
import { startPeer } from "./_steered.ts";
import { type CallerTask, endpointAt } from "./_endpoint.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "../shared/wait.ts";
import { TestService } from "./_test_service.ts";

/** The number of simultaneous client processes. */
const CLIENTS = 3;
/** The maximum lifetime of a client, in milliseconds. */
const LONGEST_MS = 600;

/** Kills processes that call a server in this process. */
export async function killClients(world: TrialWorld): Promise<void> {
  const { ctx, counters, name, until } = world;
  const audit = new CallAudit(name, counters);
  const service = new TestService(audit);
  const server = await ctx.rpc.startServer(service);
  let processes = 0;
  const bring = async () => {
    do {
      const first = ++processes * NUMBERS_EACH;
      await runClient(server.address, first, audit, world);
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: CLIENTS }, bring));
  await checkEnded(service, world);
  const tables = () => {
    const { channels, pendingCalls, unansweredRequests } = server.stats();
    return channels + pendingCalls + unansweredRequests;
  };
  if (!await comesTrue(() => tables() === 0)) {
    counters.breach(
      `${name}: all clients are gone, and the server has ${
        Deno.inspect(server.stats())
      }`,
    );
  }
  await server.close();
  audit.close();
  checkHandlerErrors(world);
}

async function runClient(
  address: string,
  first: number,
  audit: CallAudit,
  { ctx, random, counters }: TrialWorld,
): Promise<void> {
  const endpoint = endpointAt(address, ctx);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  const task: CallerTask = { endpoint, seed, first };
  await using client = startPeer(
    "caller.ts",
    task,
    (line) => audit.enter(JSON.parse(line)),
  );
  await client.first;
  await rest(random() * LONGEST_MS);
  if (random() < 0.2) return;
  await client.kill();
  audit.abandon(first);
  counters.add("client processes killed");
}
