import { assert, assertEquals } from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import type { Engine } from "../../agent/cluster/engine.ts";
import { EngineError } from "../../agent/cluster/errors.ts";
import { Container } from "../../agent/container.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import { bytes, type Obligations, type Stage } from "./_stage.ts";

/** Asserts that each operation of an engine rejects with an `EngineError`. */
async function assertAway(stage: Stage, engine: Engine): Promise<void> {
  const results = await stage.settled([
    engine.get("a"),
    engine.put("a", bytes("1")),
    engine.put("a", bytes("1"), { leaseMs: 5_000 }),
    engine.put("a", bytes("1"), { expected: 0 }),
    engine.remove("a"),
    engine.watch("", () => {}),
    engine.subscribe("a", () => {}),
  ]);
  for (const result of results) {
    assertEquals(result.status, "rejected");
    const { reason } = result as PromiseRejectedResult;
    assert(reason instanceof EngineError, `Rejected with ${reason}`);
  }
}

/** Obligations when an engine ends, and while it cannot reach its cluster. */
export const endingObligations: Obligations = {
  dispose: {
    title: "ends subscriptions and watches when it is disposed of, not others'",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const [heard, told] = [
        await stage.subscribe(one, "a"),
        await stage.watch(one, ""),
      ];
      const [otherHeard, otherTold] = [
        await stage.subscribe(other, "a"),
        await stage.watch(other, ""),
      ];
      await one.put("k", bytes("1"));
      await told.untilIs("k", "1");
      await one[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
      const { length } = told.all;
      other.publish("a", bytes("late"));
      await otherHeard.until((all) => all.length > 0);
      await other.put("k", bytes("2"));
      await otherTold.untilIs("k", "2");
      assertEquals([heard.all.length, told.all.length], [0, length]);
      await assertAway(stage, one);
    },
  },
  disposeWhileBusy: {
    title: "settles what is pending when it is disposed of",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const pending = Array.from(
        { length: 20 },
        (_, n) => one.put(`k${n}`, bytes("1")),
      );
      const watching = one.watch("", () => {});
      const disposing = one[Symbol.asyncDispose]();
      const results = await stage.settled([...pending, watching]);
      await disposing;
      for (const it of results) {
        if (it.status === "rejected") assert(it.reason instanceof EngineError);
      }
      assertEquals(await other.get("never"), null);
    },
  },
  nodeAddress: {
    title: "names addresses at which nodes reach each other",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const listen = async ({ nodeAddress, transports }: Engine) =>
        stage.use(
          await Container.create(nodeAddress, {
            transports: [...defaultTransports(), ...transports],
          }),
        );
      const containers = [
        await listen(one),
        await listen(one),
        await listen(other),
      ];
      for (const from of containers) {
        const agent = await from.spawn(Agent);
        for (const to of containers) {
          assertEquals(`${await to.connect(agent.address)}` !== "", true);
        }
      }
    },
  },
  cut: {
    title: "rejects operations while it is cut off, and goes on after that",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      await one.put("kept", bytes("1"));
      const told = await stage.watch(one, "");
      const heard = await stage.subscribe(one, "a");
      const mend = await stage.cut();
      await assertAway(stage, other);
      other.publish("a", bytes("lost"));
      await mend();
      const write = async (key: string, value: string): Promise<unknown> =>
        await other.put(key, bytes(value)).catch((error) => {
          assert(error instanceof EngineError, `Rejected with ${error}`);
          return write(key, value);
        });
      await write("new", "2");
      await told.untilIs("new", "2");
      await other.remove("kept");
      await told.untilIs("kept", null);
      while (heard.all.length === 0) {
        other.publish("a", bytes("again"));
        await other.get("a");
      }
      assertEquals(new Set(heard.all), new Set(["again"]));
    },
  },
  difference: {
    title: "tells a watch after a cut what has changed meanwhile",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const leaseMs = 1_000;
      await one.put("gone", bytes("1"), { leaseMs });
      await one.put("kept", bytes("1"));
      const told = await stage.watch(other, "");
      assertEquals([...told.entries.keys()].sort(), ["gone", "kept"]);
      const mend = await stage.cut();
      await assertAway(stage, one);
      await mend();
      await told.untilIs("gone", null);
      assertEquals(told.entries, new Map([["kept", "1"]]));
      const puts = told.short.filter((it) => it === "kept=1");
      assertEquals(puts, ["kept=1"]);
    },
  },
};
