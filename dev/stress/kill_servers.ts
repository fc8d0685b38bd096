import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { openConnection } from "../../rpc/deno.ts";
import { randomInteger } from "../../testing/network/random.ts";
import { CallAudit } from "./_call_audit.ts";
import { NUMBERS_EACH } from "./_call_log.ts";
import { visitUntil } from "./_checks.ts";
import { checkHandlerErrors } from "./_checks.ts";
import { startPeer } from "./_steered.ts";
import { endpointAt, type VictimTask } from "./_endpoint.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "../shared/wait.ts";
import { callSome, type TestService } from "./_test_service.ts";

/** The maximum lifetime of a server, in milliseconds. */
const LONGEST_MS = 600;

/** Kills server processes while clients in this process call them. */
export async function killServers(world: TrialWorld): Promise<void> {
  const { ctx, random, counters, name, until } = world;
  const audit = new CallAudit(name, counters);
  let servers = 0;
  const start = async (address: string) => {
    const first = ++servers * NUMBERS_EACH;
    const task: VictimTask = { endpoint: endpointAt(address, ctx), first };
    const server = startPeer(
      "server.ts",
      task,
      (line) => audit.enter(JSON.parse(line)),
    );
    return { server, address: await server.first };
  };
  let { server, address } = await start(ctx.address);
  const kill = async () => {
    while (performance.now() < until) {
      await rest(random() * LONGEST_MS);
      await server.kill();
      audit.abandon(servers * NUMBERS_EACH);
      counters.add("server processes killed");
      ({ server } = await start(address));
    }
  };
  const visit = async () => {
    await using client = await openConnection<TestService>(address, {
      ...ctx.options,
      retryForMs: Infinity,
    });
    let isOpen = true;
    client.closed.then(() => isOpen = false);
    for (let left = randomInteger(random, 1, 20); isOpen && left > 0; left--) {
      await callSome(client.remote, random, audit);
    }
  };
  const last = async () => {
    await using client = await openReconnecting<TestService>(
      address,
      ctx.options,
    );
    while (performance.now() < until) {
      await callSome(client.remote, random, audit);
    }
    counters.add("reconnections", client.stats().connections - 1);
  };
  try {
    await Promise.all([
      kill(),
      ...visitUntil(2, visit, world),
      ...visitUntil(2, last, world),
    ]);
  } finally {
    await server[Symbol.asyncDispose]();
  }
  audit.close();
  checkHandlerErrors(world);
}
