import type { Arena, Variant } from "./_arena.ts";
import { type Check, checked } from "./_check.ts";
import { medianNoise, summarize } from "./_pairs.ts";
import { nameOf } from "./_figures.ts";

const BARE: Variant = { subject: "bare", transport: "tcp" };
const SUBJECTS: readonly Variant[] = ["channel", "rpc", "agent"].map(
  (subject) => ({ subject, transport: "tcp" }),
);

/**
 * Kills servers, `times` of each, and tells how much later a call rejects than
 * a bare loop sees the end. The pending calls are of one server at a time.
 */
export async function measureKills(
  arena: Arena,
  times: number,
): Promise<Check[]> {
  const all = [BARE, ...SUBJECTS];
  for (const variant of all) await arena.stand(variant);
  const took = all.map((): number[] => []);
  for (let time = 0; time < times; time++) {
    const servers = await Promise.all(all.map((it) => arena.serve(it)));
    for (let step = 0; step < all.length; step++) {
      // Each is first in some round.
      const index = (time + step) % all.length;
      const { server, address } = servers[index]!;
      await using _ = server;
      const stand = await arena.stand(all[index]!);
      took[index]!.push(await stand.kill(address, server.pid));
    }
  }
  const [bare, ...others] = took;
  return others.map((ms, index) => {
    const later = ms.map((it, time) => it - bare![time]!);
    return checked({
      what: `${nameOf(SUBJECTS[index]!)}, killed to rejected, beyond bare`,
      unit: "ms",
      found: summarize(later),
      noise: medianNoise(later),
      target: { atMost: 1 },
    });
  });
}
