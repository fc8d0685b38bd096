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
