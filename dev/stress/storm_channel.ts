import type { Channel } from "../../channel/channel.ts";
import { openConnection } from "../../channel/deno.ts";
import { randomInteger } from "../../testing/network/random.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { CallAudit } from "./_call_audit.ts";
import { visitUntil } from "./_checks.ts";
import { checkHandlerErrors } from "./_checks.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_link_conditions.ts";

/** The time limit of a call, in milliseconds; the network loses some calls. */
const TIMEOUT_MS = 150;
/** The number of simultaneous clients, and the maximum calls of each. */
const CLIENTS = 24;
const MOST_CALLS = 40;

/** The content of a request. */
interface Ask {
  readonly n: number;
  /** Whether the server calls back before it answers. */
  readonly back: boolean;
  readonly padding: string;
}

/**
 * Storms channels: calls in both directions, clients that leave or are killed.
 */
export async function stormChannels(world: TrialWorld): Promise<void> {
  const { ctx, random, counters, name, until } = world;
  const { network } = ctx;
  const audit = new CallAudit(name, counters);
  const server = await ctx.startServer(
    (channel) => serve(channel, audit),
    { timeoutMs: TIMEOUT_MS },
  );
  const visit = async () => {
    const channel = await openConnection(server.address, {
      ...ctx.options,
      timeoutMs: TIMEOUT_MS,
      signal: AbortSignal.timeout(until - performance.now() + 300),
    });
    const answering = answerBack(channel, audit);
    const calls = Array.from(
      { length: randomInteger(random, 1, MOST_CALLS) },
      () => ask(channel, random, audit),
    );
    if (random() < 0.3) {
      counters.add("clients killed");
      await nextTurn();
      await channel.close({ graceMs: 0 });
    }
    await Promise.all(calls);
    await channel.close({ graceMs: 50 });
    await answering;
  };
  await Promise.all([
    storm(network, random, until, counters),
    ...visitUntil(CLIENTS, visit, world),
  ]);
  await server.close({ graceMs: 200 });
  audit.close();
  checkHandlerErrors(world);
}

function ask(
  channel: Channel,
  random: () => number,
  audit: CallAudit,
): Promise<boolean> {
  const back = random() < 0.3;
  const length = random() < 0.02 ? 50_000 : randomInteger(random, 0, 200);
  const padding = "x".repeat(length);
  return audit.call(
    { kind: back ? "channel, back" : "channel" },
    (n) => channel.send({ n, back, padding } satisfies Ask),
  );
}

async function serve(channel: Channel, audit: CallAudit): Promise<void> {
  for await (const request of channel) {
    const { n, back } = request.content as Ask;
    audit.run(n);
    if (back) {
      await audit.call(
        { kind: "channel, to client" },
        (m) => channel.send(m),
      );
    }
    await request.reply(n);
  }
}

async function answerBack(channel: Channel, audit: CallAudit): Promise<void> {
  try {
    for await (const request of channel) {
      await request.reply(audit.run(Number(request.content)));
    }
  } catch {
    // The channel ended with an error, which its calls report.
  }
}
