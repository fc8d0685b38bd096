import type { Channel } from "../../channel/channel.ts";
import { openConnection } from "../../channel/deno.ts";
import { randomInteger } from "../../testing/network/_random.ts";
import { nextTurn } from "../../testing/step/_within.ts";
import { Accounts } from "./_accounts.ts";
import { visitUntil } from "./_clients.ts";
import { checkHandlerErrors } from "./_errors.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_weather.ts";

/** How long a call waits: the network loses some for good. */
const TIMEOUT_MS = 150;
/** How many clients there are at once, and how many calls each makes. */
const CLIENTS = 24;
const MOST_CALLS = 40;

/** What a client asks for. */
interface Ask {
  readonly n: number;
  /** Whether the server is to call back before it answers. */
  readonly back: boolean;
  readonly padding: string;
}

/** Channels under a storm: calls both ways, clients that leave and are killed. */
export async function stormChannels(world: TrialWorld): Promise<void> {
  const { ctx, random, tally, name, until } = world;
  const { network } = ctx;
  const accounts = new Accounts(name, tally);
  const server = await ctx.startServer(
    (channel) => serve(channel, accounts),
    { timeoutMs: TIMEOUT_MS },
  );
  const visit = async () => {
    const channel = await openConnection(server.address, {
      ...ctx.options,
      timeoutMs: TIMEOUT_MS,
      signal: AbortSignal.timeout(until - performance.now() + 300),
    });
    const answering = answerBack(channel, accounts);
    const calls = Array.from(
      { length: randomInteger(random, 1, MOST_CALLS) },
      () => ask(channel, random, accounts),
    );
    if (random() < 0.3) {
      tally.add("clients killed");
      await nextTurn();
      await channel.close({ graceMs: 0 });
    }
    await Promise.all(calls);
    await channel.close({ graceMs: 50 });
    await answering;
  };
  await Promise.all([
    storm(network, random, until, tally),
    ...visitUntil(CLIENTS, visit, world),
  ]);
  await server.close({ graceMs: 200 });
  accounts.close();
  checkHandlerErrors(world);
}

function ask(
  channel: Channel,
  random: () => number,
  accounts: Accounts,
): Promise<boolean> {
  const back = random() < 0.3;
  const length = random() < 0.02 ? 50_000 : randomInteger(random, 0, 200);
  const padding = "x".repeat(length);
  return accounts.call(
    { kind: back ? "channel, back" : "channel" },
    (n) => channel.send({ n, back, padding } satisfies Ask),
  );
}

async function serve(channel: Channel, accounts: Accounts): Promise<void> {
  for await (const request of channel) {
    const { n, back } = request.content as Ask;
    accounts.run(n);
    if (back) {
      await accounts.call(
        { kind: "channel, to client" },
        (m) => channel.send(m),
      );
    }
    await request.reply(n);
  }
}

async function answerBack(channel: Channel, accounts: Accounts): Promise<void> {
  try {
    for await (const request of channel) {
      await request.reply(accounts.run(Number(request.content)));
    }
  } catch {
    // The channel ended by an error, which its calls tell.
  }
}
