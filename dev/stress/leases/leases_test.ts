import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
} from "@std/assert";
import { disordersOf, interruptHolders } from "./_rounds.ts";
import { startContainerStore } from "./_store.ts";

const ignore = Deno.build.os === "windows";

Deno.test("disordersOf finds a write of an earlier epoch after one of a later", () => {
  const [a, b] = ["a", "b"].map((writer, at) => ({ epoch: at + 1, writer }));
  assertEquals(disordersOf(0, [a!, a!, b!, b!]), []);
  assertEquals(disordersOf(0, [a!, b!, a!, a!, b!]).length, 2);
});

for (const isChecked of [true, false]) {
  const effect = isChecked
    ? "keeps writes in order"
    : "does not without a check";
  Deno.test({
    name: `the epoch of a lease ${effect} when its holder was stopped`,
    ignore,
    fn: async () => {
      // Whether a stopped holder is about to write depends on chance.
      for (let tries = isChecked ? 1 : 5; tries > 0; tries--) {
        await using store = await startContainerStore();
        const options = { rounds: 2, lanes: 1, seed: 1, isChecked };
        const outcome = await interruptHolders(store, options);
        const { writes, epochs, disorders } = outcome;
        assertGreater(writes, epochs);
        assertGreaterOrEqual(epochs, 3);
        if (isChecked) assertEquals(disorders, []);
        else if (disorders.length > 0) return;
      }
      assert(isChecked, "All writes are in order without a check, too");
    },
  });
}
