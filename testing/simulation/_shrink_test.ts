import { assert, assertEquals } from "@std/assert";
import { parseFaults } from "./plan.ts";
import { shrinkPlan } from "./_shrink.ts";

const PLAN = parseFaults(
  "hold:a:1+800,reset:b:2+0,crash:c:3+900,hold:b:4+1000,pause:a:5+70,delay:c:6+10=5,reset:a:7+0",
);

Deno.test("shrinkPlan - finds the faults that are needed, and their length", async () => {
  const { faults, runs } = await shrinkPlan(PLAN, (faults) => {
    const crash = faults.find(({ kind }) => kind === "crash");
    const pause = faults.some(({ kind }) => kind === "pause");
    return Promise.resolve(pause && crash !== undefined && crash.forMs >= 300);
  });
  assertEquals(faults.map(({ kind }) => kind), ["crash", "pause"]);
  assert(faults[0]!.forMs >= 300 && faults[0]!.forMs < 400);
  assert(runs < 40);
});

Deno.test("shrinkPlan - finds that no fault is needed", async () => {
  const shrunk = await shrinkPlan(PLAN, () => Promise.resolve(true));
  assertEquals(shrunk, { faults: [], runs: 1 });
});

Deno.test("shrinkPlan - gives the plan back if nothing less fails", async () => {
  const { faults } = await shrinkPlan(PLAN, () => Promise.resolve(false));
  assertEquals(faults, PLAN);
});

Deno.test("shrinkPlan - finds one long fault in place of several", async () => {
  const plan = parseFaults("delay:a:100+200=90,delay:b:400+300=900");
  const { faults } = await shrinkPlan(plan, (faults) => {
    const isLong = faults.some(({ node, atMs, forMs }) =>
      node === "b" && atMs <= 250 && atMs + forMs >= 600
    );
    return Promise.resolve(faults.length === 2 || isLong);
  });
  assertEquals(faults.length, 1);
  const { atMs, forMs } = faults[0]!;
  assert(atMs > 100 && atMs <= 250 && atMs + forMs >= 600);
});

Deno.test("shrinkPlan - finds the mildest fault that is enough", async () => {
  const plan = parseFaults("skew:a:100+90=-8000");
  const { faults } = await shrinkPlan(
    plan,
    (faults) =>
      Promise.resolve(faults.some(({ amountMs = 0 }) => amountMs <= -1_000)),
  );
  assert(faults[0]!.amountMs! <= -1_000 && faults[0]!.amountMs! > -1_100);
});
