import { assertEquals } from "@std/assert";
import { breachesOf, type Outcome, tableOf } from "./_outcome.ts";

const load = {
  made: 1_200,
  answered: 1_190,
  failed: 10,
  longestMs: 44_000,
  breaches: [],
};
const good: Outcome = {
  fault: "server stopped",
  lastedMs: 60_000,
  load,
  boundMs: 75_000,
  noticedMs: 44_000,
  noticeBoundMs: 45_000,
  backMs: 200,
};

Deno.test("breachesOf() finds no breach where limits are kept", () => {
  assertEquals(breachesOf(good), []);
  assertEquals(breachesOf({ ...good, noticedMs: null }), []);
});

Deno.test("breachesOf() names each broken promise", () => {
  const bad: Outcome = {
    ...good,
    load: { ...load, answered: 0, longestMs: 80_000, breaches: ["a bug"] },
    noticedMs: 60_000,
    backMs: null,
  };
  assertEquals(breachesOf(bad), [
    "server stopped: a bug",
    "server stopped: no call was answered",
    "server stopped: a call took 80.0 s",
    "server stopped: it was noticed after 60.0 s",
    "server stopped: the client did not come back",
  ]);
});

Deno.test("tableOf() shows an outcome as a row", () => {
  assertEquals(tableOf([{ ...good, noticedMs: null }])[1], [
    "server stopped",
    "60.0 s",
    "1,200",
    "10",
    "44.0 s",
    "75.0 s",
    "–",
    "0.2 s",
  ]);
});
