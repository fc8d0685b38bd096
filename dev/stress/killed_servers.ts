import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { openConnection } from "../../rpc/deno.ts";
import { randomInteger } from "../../testing/network/_random.ts";
import { Accounts } from "./_accounts.ts";
import { NUMBERS_EACH } from "./_books.ts";
import { visitUntil } from "./_clients.ts";
import { checkHandlerErrors } from "./_errors.ts";
import { PeerProcess } from "./_process.ts";
import { meetingAt, type VictimTask } from "./_task.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "./_weather.ts";
import { callSome, type Works } from "./_works.ts";

/** How long a server serves at the most, in milliseconds. */
const LONGEST_MS = 600;

/** Server processes that are killed while clients of this one call them. */
export async function killServers(world: TrialWorld): Promise<void> {
  const { ctx, random, tally, name, until } = world;
  const accounts = new Accounts(name, tally);
  let servers = 0;
  const start = async (address: string) => {
    const first = ++servers * NUMBERS_EACH;
    const server = new PeerProcess({
      program: "server.ts",
      task: { meeting: meetingAt(address, ctx), first } satisfies VictimTask,
      onLine: (line) => accounts.enter(JSON.parse(line)),
    });
    return { server, address: await server.ready };
  };
  let { server, address } = await start(ctx.address);
  const kill = async () => {
    while (performance.now() < until) {
      await rest(random() * LONGEST_MS);
      await server.kill();
      accounts.abandon(servers * NUMBERS_EACH);
      tally.add("server processes killed");
      ({ server } = await start(address));
    }
  };
  const visit = async () => {
    await using client = await openConnection<Works>(address, {
      ...ctx.options,
      retryForMs: Infinity,
    });
    let isOpen = true;
    client.closed.then(() => isOpen = false);
    for (let left = randomInteger(random, 1, 20); isOpen && left > 0; left--) {
      await callSome(client.remote, random, accounts);
    }
  };
  const last = async () => {
    await using client = await openReconnecting<Works>(address, ctx.options);
    while (performance.now() < until) {
      await callSome(client.remote, random, accounts);
    }
    tally.add("reconnections", client.stats().connections - 1);
  };
  try {
    await Promise.all([
      kill(),
      ...visitUntil(2, visit, world),
      ...visitUntil(2, last, world),
    ]);
  } finally {
    await server.dismiss();
  }
  accounts.close();
  checkHandlerErrors(world);
}
