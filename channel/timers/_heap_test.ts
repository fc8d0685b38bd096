import { assertEquals } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { Heap, type HeapItem } from "./_heap.ts";

interface Item extends HeapItem {
  readonly key: number;
}

const byKey = (a: Item, b: Item) => a.key < b.key;

Deno.test("Heap gives its items in order, whatever is added and removed between", () => {
  const random = seededRandom(5);
  const heap = new Heap<Item>(byKey);
  let expected: Item[] = [];
  for (let step = 0; step < 5_000; step++) {
    const at = randomInteger(random, 0, expected.length);
    const chosen = expected[at];
    if (chosen === undefined || random() < 0.6) {
      const item = { key: random(), slot: -1 };
      heap.add(item);
      expected.push(item);
      expected.sort((a, b) => a.key - b.key);
    } else {
      heap.remove(chosen);
      expected = expected.filter((it) => it !== chosen);
    }
    assertEquals(heap.size, expected.length);
    assertEquals(heap.first === expected[0], true);
  }
});

Deno.test("Heap.remove leaves alone what is not in", () => {
  const heap = new Heap<Item>(byKey);
  const [first, second] = [{ key: 1, slot: -1 }, { key: 2, slot: -1 }];
  heap.add(first);
  heap.remove(second);
  heap.remove(first);
  heap.remove(first);
  assertEquals([heap.size, heap.first, first.slot], [0, undefined, -1]);
});
