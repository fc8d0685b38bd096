import { assertEquals } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { IdTable } from "./id_table.ts";

function tableOf(ids: Iterable<number>): IdTable<{ id: number }> {
  const table = new IdTable<{ id: number }>();
  for (const id of ids) table.add({ id });
  return table;
}

Deno.test("IdTable finds what was added, until it is taken out", () => {
  const table = tableOf([0, 7, 2 ** 53 - 1]);
  assertEquals(table.get(7), { id: 7 });
  assertEquals(table.get(2 ** 53 - 1), { id: 2 ** 53 - 1 });
  assertEquals(table.get(8), undefined);
  table.delete(7);
  table.delete(8);
  assertEquals(table.get(7), undefined);
  assertEquals(table.size, 2);
});

Deno.test("IdTable lists what it holds in the order of ids", () => {
  const table = tableOf([5, 2 ** 40, 0, 3]);
  assertEquals(table.values().map(({ id }) => id), [0, 3, 5, 2 ** 40]);
  table.clear();
  assertEquals(table.values(), []);
  assertEquals(table.size, 0);
});

Deno.test("IdTable tells apart ids that differ in their upper bits only", () => {
  const table = tableOf([1, 2 ** 32 + 1, 2 ** 33 + 1]);
  table.delete(2 ** 32 + 1);
  assertEquals(table.get(1)?.id, 1);
  assertEquals(table.get(2 ** 33 + 1)?.id, 2 ** 33 + 1);
  assertEquals(table.size, 2);
});

Deno.test("IdTable does what a Map does, in any order of steps", () => {
  const random = seededRandom(1);
  const table = new IdTable<{ id: number }>();
  const map = new Map<number, { id: number }>();
  for (let step = 0; step < 20_000; step++) {
    // The table grows at first, and empties later.
    const id = randomInteger(random, 0, 400) * (step % 3 === 0 ? 2 ** 31 : 1);
    const isAdded = random() < (step < 10_000 ? 0.7 : 0.2);
    if (isAdded && !map.has(id)) {
      const item = { id };
      table.add(item);
      map.set(id, item);
    } else if (!isAdded) {
      table.delete(id);
      map.delete(id);
    }
    assertEquals(table.get(id), map.get(id));
    assertEquals(table.size, map.size);
  }
  assertEquals(
    table.values(),
    [...map.values()].sort((a, b) => a.id - b.id),
  );
});

Deno.test("IdTable takes no longer for ids that a peer has chosen", () => {
  // Without mixing, multiples of a power of two would collide.
  const few = (factor: number) => {
    const table = new IdTable<{ id: number }>();
    const start = performance.now();
    for (let k = 0; k < 20_000; k++) table.add({ id: k * factor });
    for (let k = 0; k < 20_000; k++) table.delete(k * factor);
    return performance.now() - start;
  };
  // With collisions it would take a hundred times as long.
  const limitMs = 30 * few(1) + 50;
  for (const factor of [2 ** 16, 2 ** 20, 2 ** 32, 2 ** 32 + 1]) {
    const ms = few(factor);
    assertEquals(ms < limitMs, true, `${ms} ms for multiples of ${factor}`);
  }
});
