import { assert, assertEquals } from "@std/assert";
import { expectedOf } from "./expected.ts";
import { planDay, ROUNDS } from "./plan.ts";

const options = {
  seed: 1,
  biddersPerSite: 20,
  sites: { coast: Infinity, hills: 150 },
};

Deno.test("planDay plans the same day for the same seed, and another one for another", () => {
  assertEquals(planDay(options), planDay(options));
  assert(
    JSON.stringify(planDay(options)) !==
      JSON.stringify(planDay({ ...options, seed: 2 })),
  );
});

Deno.test("expectedOf buys nothing from a site that is killed", () => {
  const { rounds, earnings } = expectedOf(planDay(options));
  assertEquals(rounds.length, ROUNDS);
  const hills = rounds.map(({ awards }) =>
    awards.filter(({ bidder }) => bidder.startsWith("hills-")).length
  );
  assert(hills.slice(0, 150).some((count) => count > 0));
  assertEquals(hills.slice(150).some((count) => count > 0), false);
  const paid = rounds.reduce(
    (sum, { price, awards }) =>
      sum + price * awards.reduce((a, { amount }) => a + amount, 0),
    0,
  );
  assertEquals([...earnings.values()].reduce((a, b) => a + b, 0), paid);
});
