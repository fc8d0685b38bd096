import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../agent/cluster/engine.ts";
import { bytes, type Obligations, text } from "./_stage.ts";

/** Obligations of watches. */
export const watchObligations: Obligations = {
  watch: {
    title: "tells a watch what is there, and each change by any engine",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const first = await one.put("a.b", bytes("1"));
      await one.put("a.c", bytes("x"));
      await one.remove("a.c");
      const told = await stage.watch(other, "a.");
      assertEquals(told.all, [
        {
          kind: "put",
          entry: { key: "a.b", value: bytes("1"), revision: first },
        },
      ]);
      await one.put("a.b", bytes("2"));
      await told.untilIs("a.b", "2");
      await other.put("a.d.e", bytes("3"));
      await told.untilIs("a.d.e", "3");
      await one.remove("a.b");
      await told.untilIs("a.b", null);
      assertEquals(told.short, ["a.b=1", "a.b=2", "a.d.e=3", "-a.b"]);
    },
  },
  prefixes: {
    title: "tells a watch nothing of keys with another prefix",
    async run(stage) {
      const engine = await stage.open();
      const keys = ["a", "a.b", "ab.c", "b.a.c", "a.b.c", "A.b"];
      for (const key of keys) await engine.put(key, bytes("1"));
      const told = await stage.watch(engine, "a.");
      assertEquals([...told.entries.keys()].sort(), ["a.b", "a.b.c"]);
      const all = await stage.watch(engine, "");
      assertEquals([...all.entries.keys()].sort(), keys.toSorted());
      for (const key of keys) await engine.put(key, bytes("2"));
      await engine.put("a.last", bytes("2"));
      await told.untilIs("a.last", "2");
      assertEquals(told.all.length, 5);
      for (const prefix of ["a", ".", "a b.", "*.", "a..", ">"]) {
        await assertRejects(() => engine.watch(prefix, () => {}), TypeError);
      }
    },
  },
  watchOrder: {
    title: "tells a watch changes in the order of their revisions",
    async run(stage) {
      const engines = await stage.engines(3);
      const told = await stage.watch(engines[0]!, "");
      await Promise.all(engines.map(async (engine, n) => {
        for (let turn = 0; turn < 40; turn++) {
          await engine.put(`k${(n + turn) % 5}`, bytes(`${n} ${turn}`));
        }
      }));
      for (const engine of engines) {
        await engine.put("last", bytes("1"));
        await engine.remove("last");
      }
      await engines[1]!.put("end", bytes("1"));
      await told.untilIs("end", "1");
      const revisions = told.all.flatMap((change) =>
        change.kind === "put" ? [change.entry.revision] : []
      );
      assertEquals(revisions, revisions.toSorted((a, b) => a - b));
      for (const [key, value] of told.entries) {
        assertEquals(text((await engines[2]!.get(key))!.value), value);
      }
      assert(!told.entries.has("last"));
    },
  },
  manyKeys: {
    title: "tells a watch of a thousand keys",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const early = await stage.watch(other, "many.");
      const keys = Array.from({ length: 1_000 }, (_, n) => `many.${n}`);
      for (let at = 0; at < keys.length; at += 100) {
        const some = keys.slice(at, at + 100);
        await Promise.all(some.map((key) => one.put(key, bytes(key))));
      }
      const late = await stage.watch(other, "many.");
      assertEquals(late.entries.size, 1_000);
      await early.until(() => early.all.length >= 1_000);
      assertEquals(early.entries.size, 1_000);
    },
  },
  watchWhileWriting: {
    title: "misses no write while a watch begins",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      let isOver = false;
      const writing = (async () => {
        for (let n = 1;; n++) {
          await one.put("a.n", bytes(`${n}`));
          await one.put(`a.once-${n}`, bytes(`${n}`));
          if (isOver) return n;
        }
      })();
      // Nothing awaits `writing` if a watch fails.
      writing.catch(() => {});
      const watches = [];
      try {
        for (let n = 0; n < 10; n++) {
          watches.push(await stage.watch(other, "a."));
        }
      } finally {
        isOver = true;
      }
      const last = await writing;
      for (const told of watches) {
        await told.untilIs("a.n", `${last}`);
        for (let n = 1; n <= last; n++) {
          await told.untilIs(`a.once-${n}`, `${n}`);
        }
        const numbers = told.all.flatMap((change) =>
          change.kind === "put" && change.entry.key === "a.n"
            ? [Number(text(change.entry.value))]
            : []
        );
        assertEquals(numbers, numbers.toSorted((a, b) => a - b));
      }
    },
  },
  watchEnd: {
    title: "tells nothing once a watch is disposed of, repeatably",
    async run(stage) {
      const engine = await stage.open();
      const changes: string[] = [];
      const watch = await engine.watch("", ({ kind }) => changes.push(kind));
      const other = await stage.watch(engine, "");
      await engine.put("a", bytes("1"));
      await other.untilIs("a", "1");
      await watch[Symbol.asyncDispose]();
      await watch[Symbol.asyncDispose]();
      const count = changes.length;
      await engine.put("a", bytes("2"));
      await other.untilIs("a", "2");
      // By the time a later watch has begun, late notifications have arrived.
      await stage.watch(engine, "");
      assertEquals(changes.length, count);
    },
  },
};
