import { assert, assertEquals } from "@std/assert";
import { withCtx } from "../../../testing/ctx.ts";
import { fixture, spawnIn } from "../../fixtures/spawning.ts";
import type { Counter } from "../../fixtures/spawned_states.ts";

withCtx({
  name: "a state outlives a process that is killed, as it was saved last",
  transports: ["tcp", "unix"],
  timeoutMs: 60_000,
}, async (ctx) => {
  const folder = await Deno.makeTempDir({ prefix: "states-" });
  try {
    const parent = await ctx.createContainer();
    const modules = { states: fixture("spawned_states.ts") };
    let total = 0;
    for (let round = 0; round < 3; round++) {
      const spawned = await spawnIn(ctx, parent, "process", {
        modules,
        store: "states:store",
        env: { STATES: folder },
        permissions: { env: ["STATES"], read: [folder], write: [folder] },
      });
      const counter = await spawned.spawn<Counter>("states:Counter", "counter");
      assertEquals(await counter.add(0), total);
      total = await counter.add(1);
      // A call under way may be lost, but not an answered one.
      const underWay = counter.add(1).then(() => total++, () => {});
      Deno.kill(spawned.pid!, "SIGKILL");
      await Promise.all([spawned.closed, underWay]);
      const file = await Deno.readFile(`${folder}/Counter%2Fcounter`);
      const saved = Number(new TextDecoder().decode(file.subarray(36)));
      assert(saved === total || saved === total + 1, `${saved} of ${total}`);
      total = saved;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
