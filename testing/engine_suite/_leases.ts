import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../agent/cluster/engine.ts";
import { StaleEpochError } from "../../agent/cluster/errors.ts";
import { bytes, type Obligations } from "./_stage.ts";

const LEASE_MS = 1_000;

/** The latest expected end of a lease; 2 s of it allow for a busy machine. */
const LATEST_MS = LEASE_MS + 2_000 + 2_000;

/**
 * Renews a lease, as its only writer, for longer than the lease lasts. Returns
 * `false` if this machine was too slow to renew in time.
 */
async function renew(engine: Engine, key: string): Promise<boolean> {
  let revision = await engine.put(key, bytes("1"), { leaseMs: LEASE_MS });
  for (let n = 0; n < 6; n++) {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 3));
    const options = { expected: revision, leaseMs: LEASE_MS };
    const renewing = engine.put(key, bytes("1"), options);
    const isStale = await renewing.then(
      (renewed) => (revision = renewed) === 0,
      (error) => error instanceof StaleEpochError || Promise.reject(error),
    );
    const isLate = performance.now() - start >= LEASE_MS;
    if (isLate) return false;
    assert(!isStale, "The lease was lost although it was renewed in time");
  }
  return true;
}

/** Obligations of leases. Their tests wait for leases to expire. */
export const leaseObligations: Obligations = {
  leases: {
    title: "removes an entry at the end of its lease, not before, and tells it",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const told = await stage.watch(other, "a.");
      const start = performance.now();
      const revision = await one.put("a.b", bytes("1"), { leaseMs: LEASE_MS });
      const written = performance.now();
      await told.until(() => told.short.includes("-a.b"));
      const end = performance.now();
      const [most, least] = [end - start, end - written];
      assert(most >= LEASE_MS - 1, `The lease ended after ${most} ms`);
      assert(least <= LATEST_MS, `The lease ended after ${least} ms`);
      assertEquals(await one.get("a.b"), null);
      assertEquals(await other.get("a.b"), null);
      const options = { expected: revision };
      await assertRejects(
        () => one.put("a.b", bytes("2"), options),
        StaleEpochError,
      );
      const next = await other.put("a.b", bytes("2"), { expected: 0 });
      assert(next > revision, `Revision ${next} after ${revision}`);
    },
  },
  renewal: {
    title: "counts a lease from the last write, and ends it by one without",
    async run(stage) {
      const engine = await stage.open();
      const told = await stage.watch(engine, "");
      const put = (key: string) =>
        engine.put(key, bytes("1"), { leaseMs: LEASE_MS });
      await put("kept");
      await engine.put("kept", bytes("1"));
      while (!await renew(engine, "renewed"));
      await put("witness");
      await told.until(() => told.short.includes("-witness"));
      await told.until(() => told.short.includes("-renewed"));
      assertEquals(told.entries, new Map([["kept", "1"]]));
      assert((await engine.get("kept")) !== null, "It had no lease any more");
    },
  },
  shortLeases: {
    title: "refuses leases that it cannot keep",
    async run(stage) {
      const engine = await stage.open();
      for (const leaseMs of [0, -1, 999, NaN]) {
        await assertRejects(
          () => engine.put("a", bytes("1"), { leaseMs }),
          RangeError,
        );
      }
      assertEquals(await engine.get("a"), null);
      await engine.put("a", bytes("1"), { leaseMs: Infinity });
    },
  },
  raceToRenew: {
    title: "gives an ended lease to one of those who want it",
    async run(stage) {
      const engines = await stage.engines(3);
      await engines[0]!.put("a", bytes("0"), { leaseMs: LEASE_MS });
      const tries = engines.map(async (engine, n) => {
        const gone = Promise.withResolvers<void>();
        const watch = await engine.watch("", (change) => {
          if (change.kind === "removed") gone.resolve();
        });
        stage.use(watch);
        await gone.promise;
        return await engine.put("a", bytes(`${n}`), { expected: 0 });
      });
      const results = await Promise.allSettled(tries);
      const won = results.filter((it) => it.status === "fulfilled");
      assertEquals(won.length, 1);
    },
  },
};
