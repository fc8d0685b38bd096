import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../agent/cluster/engine.ts";
import { StaleEpochError } from "../../agent/cluster/errors.ts";
import { assertSameBytes, bytes, type Obligations, text } from "./_stage.ts";

const isStale = (error: unknown) => error instanceof StaleEpochError;

/** Adds 1 to a number, and retries while concurrent writes win. */
async function increment(engine: Engine, key: string): Promise<void> {
  for (;;) {
    const entry = await engine.get(key);
    const count = entry === null ? 0 : Number(text(entry.value));
    const expected = entry?.revision ?? 0;
    try {
      await engine.put(key, bytes(`${count + 1}`), { expected });
      return;
    } catch (error) {
      if (!isStale(error)) throw error;
    }
  }
}

/** Obligations of entries. */
export const entryObligations: Obligations = {
  entries: {
    title: "returns what was written last, to all engines",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      assertEquals(await one.get("a.b"), null);
      const first = await one.put("a.b", bytes("1"));
      assertEquals(await other.get("a.b"), {
        key: "a.b",
        value: bytes("1"),
        revision: first,
      });
      const second = await other.put("a.b", new Uint8Array());
      assert(second > first, `Revision ${second} after ${first}`);
      assertEquals((await one.get("a.b"))?.value, new Uint8Array());
      assertEquals((await one.get("a.b"))?.revision, second);
      assertEquals(await one.get("a"), null);
      assertEquals(await one.get("a.b.c"), null);
    },
  },
  newest: {
    title: "reads the newest entry in one engine once another has written it",
    async run(stage) {
      const engines = await stage.engines(3);
      for (let n = 0; n < 60; n++) {
        await engines[n % 3]!.put("a", bytes(`${n}`));
        const entry = await engines[(n + 1) % 3]!.get("a");
        assertEquals(text(entry!.value), `${n}`);
      }
    },
  },
  copies: {
    title: "keeps values as they were when they were written",
    async run(stage) {
      const engine = await stage.open();
      const value = bytes("before");
      const writing = engine.put("a", value);
      value.fill(0);
      await writing;
      assertEquals(text((await engine.get("a"))!.value), "before");
    },
  },
  keys: {
    title: "takes keys of words, and refuses all others",
    async run(stage) {
      const engine = await stage.open();
      const long = "k".repeat(400);
      for (const key of ["a", "A_b-9", "0.1.2", "-._", long]) {
        await engine.put(key, bytes(key));
        assertEquals(text((await engine.get(key))!.value), key);
      }
      const bad = ["", ".", "a.", ".a", "a..b", "a b", "a*", ">", "ä", "a/b"];
      for (const key of [...bad, "k".repeat(513)]) {
        await assertRejects(() => engine.put(key, bytes("x")), TypeError);
        await assertRejects(() => engine.get(key), TypeError);
        await assertRejects(() => engine.remove(key), TypeError);
      }
    },
  },
  bigValues: {
    title: "keeps values of 512 KiB, and refuses longer ones",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const value = new Uint8Array(512 * 1024);
      for (let at = 0; at < value.length; at++) value[at] = at * 7 % 251;
      await one.put("a", value);
      assertSameBytes((await other.get("a"))!.value, value);
      const longer = new Uint8Array(value.length + 1);
      await assertRejects(() => one.put("a", longer), RangeError);
      assertSameBytes((await other.get("a"))!.value, value);
    },
  },
  expected: {
    title: "writes in place of the expected revision only",
    async run(stage) {
      const engine = await stage.open();
      const put = (value: string, expected: number) =>
        engine.put("a", bytes(value), { expected });
      await assertRejects(() => put("x", 7), StaleEpochError);
      assertEquals(await engine.get("a"), null);
      const first = await put("1", 0);
      const second = await put("2", first);
      assert(second > first);
      for (const stale of [0, first, second + 1]) {
        await assertRejects(() => put("x", stale), StaleEpochError);
      }
      const entry = await engine.get("a");
      assertEquals(entry, { key: "a", value: bytes("2"), revision: second });
    },
  },
  removal: {
    title: "removes entries, of the expected revision if one is given",
    async run(stage) {
      const engine = await stage.open();
      await engine.remove("a");
      const first = await engine.put("a", bytes("1"));
      await assertRejects(() => engine.remove("a", first + 1), StaleEpochError);
      await assertRejects(() => engine.remove("a", 0), StaleEpochError);
      assertEquals((await engine.get("a"))?.revision, first);
      await engine.remove("a", first);
      assertEquals(await engine.get("a"), null);
      await assertRejects(() => engine.remove("a", first), StaleEpochError);
      await engine.put("a", bytes("2"));
      await engine.remove("a");
      assertEquals(await engine.get("a"), null);
    },
  },
  revisions: {
    title: "lets revisions of a key grow, also after its removal",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      let last = 0;
      for (let n = 0; n < 10; n++) {
        const engine = n % 2 === 0 ? one : other;
        const revision = await engine.put("a", bytes(`${n}`), { expected: 0 });
        assert(revision > last, `Revision ${revision} after ${last}`);
        await assertRejects(
          () => engine.put("a", bytes("x"), { expected: last }),
          StaleEpochError,
        );
        last = revision;
        await engine.remove("a");
        await assertRejects(
          () => engine.put("a", bytes("x"), { expected: last }),
          StaleEpochError,
        );
      }
    },
  },
  raceToCreate: {
    title: "lets one of many create an entry",
    async run(stage) {
      const engines = await stage.engines(3);
      for (const key of ["a", "b", "c"]) {
        const results = await Promise.allSettled(
          Array.from(
            { length: 30 },
            (_, n) => engines[n % 3]!.put(key, bytes(`${n}`), { expected: 0 }),
          ),
        );
        const winners = results.flatMap((it, n) =>
          it.status === "fulfilled" ? [{ at: n, revision: it.value }] : []
        );
        const losers = results.filter((it) =>
          it.status === "rejected" && isStale(it.reason)
        );
        assertEquals([winners.length, losers.length], [1, 29]);
        const entry = await engines[0]!.get(key);
        const { value, revision } = entry!;
        assertEquals({ at: Number(text(value)), revision }, winners[0]!);
      }
    },
  },
  raceToChange: {
    title: "loses no write that compares revisions",
    async run(stage) {
      const engines = await stage.engines(3);
      const adders = engines.flatMap((engine) => [engine, engine]);
      await Promise.all(adders.map(async (engine) => {
        for (let n = 0; n < 15; n++) await increment(engine, "sum");
      }));
      const entry = await engines[0]!.get("sum");
      assertEquals(text(entry!.value), `${15 * adders.length}`);
    },
  },
  raceToRemove: {
    title: "lets one of many remove a revision",
    async run(stage) {
      const engines = await stage.engines(2);
      const revision = await engines[0]!.put("a", bytes("1"));
      const results = await Promise.allSettled(
        Array.from(
          { length: 20 },
          (_, n) => engines[n % 2]!.remove("a", revision),
        ),
      );
      const won = results.filter((it) => it.status === "fulfilled").length;
      const lost =
        results.filter((it) => it.status === "rejected" && isStale(it.reason))
          .length;
      assertEquals([won, lost], [1, 19]);
    },
  },
  abort: {
    title: "rejects a write whose signal has aborted with its reason",
    async run(stage) {
      const engine = await stage.open();
      const signal = AbortSignal.abort(new Error("given up"));
      await assertRejects(
        () => engine.put("a", bytes("1"), { signal }),
        Error,
        "given up",
      );
      assertEquals(await engine.get("a"), null);
    },
  },
};
