import { randomInteger } from "../../testing/network/_random.ts";
import { Accounts } from "./_accounts.ts";
import { NUMBERS_EACH } from "./_books.ts";
import { checkEnded, comesTrue } from "./_ended.ts";
import { checkHandlerErrors } from "./_errors.ts";
import { PeerProcess } from "./_process.ts";
import { type CallerTask, meetingAt } from "./_task.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "./_weather.ts";
import { Works } from "./_works.ts";

/** So many client processes are there at once. */
const CLIENTS = 3;
/** How long one of them calls at the most, in milliseconds. */
const LONGEST_MS = 600;

/** Processes that call a server of this one, and are killed as they do. */
export async function killClients(world: TrialWorld): Promise<void> {
  const { ctx, tally, name, until } = world;
  const accounts = new Accounts(name, tally);
  const works = new Works(accounts);
  const server = await ctx.rpc.startServer(works);
  let processes = 0;
  const bring = async () => {
    do {
      const first = ++processes * NUMBERS_EACH;
      await runClient(server.address, first, accounts, world);
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: CLIENTS }, bring));
  await checkEnded(works, world);
  const tables = () => {
    const { channels, pendingCalls, unansweredRequests } = server.stats();
    return channels + pendingCalls + unansweredRequests;
  };
  if (!await comesTrue(() => tables() === 0)) {
    tally.breach(
      `${name}: all clients are gone, and the server has ${
        Deno.inspect(server.stats())
      }`,
    );
  }
  await server.close();
  accounts.close();
  checkHandlerErrors(world);
}

async function runClient(
  address: string,
  first: number,
  accounts: Accounts,
  { ctx, random, tally }: TrialWorld,
): Promise<void> {
  const meeting = meetingAt(address, ctx);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  await using client = new PeerProcess({
    program: "caller.ts",
    task: { meeting, seed, first } satisfies CallerTask,
    onLine: (line) => accounts.enter(JSON.parse(line)),
  });
  await client.ready;
  await rest(random() * LONGEST_MS);
  if (random() < 0.2) return;
  await client.kill();
  accounts.abandon(first);
  tally.add("client processes killed");
}
