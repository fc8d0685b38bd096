import { assert, assertEquals } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/_random.ts";
import { EntryList } from "./_entries.ts";

const entry = (id: number) => ({
  id,
  address: "local://a/0",
  type: "a",
  properties: {},
});

Deno.test("EntryList.slice agrees with a plain list, whatever comes and goes", () => {
  const random = seededRandom(15);
  const list = new EntryList();
  let plain: number[] = [];
  for (let id = 1; id <= 5_000; id++) {
    list.set(entry(id));
    plain.push(id);
    // At times most of them are removed.
    while (plain.length > 0 && random() < (id % 1_000 < 500 ? 0.2 : 0.55)) {
      const gone = plain[randomInteger(random, 0, plain.length - 1)]!;
      list.delete(gone);
      plain = plain.filter((it) => it !== gone);
    }
    if (plain.length > 0) list.set(entry(plain[0]!));
    const after = randomInteger(random, 0, id);
    const count = randomInteger(random, 1, 20);
    assertEquals(
      list.slice(after, count).map((it) => it.id),
      plain.filter((it) => it > after).slice(0, count),
    );
    assertEquals(list.size, plain.length);
  }
});

Deno.test("EntryList.delete takes no longer in a long list", () => {
  const list = new EntryList();
  for (let id = 1; id <= 100_000; id++) list.set(entry(id));
  const startedAt = performance.now();
  for (let id = 1; id <= 90_000; id++) list.delete(id);
  const tookMs = performance.now() - startedAt;
  assertEquals(list.size, 10_000);
  // It took half a minute where each removal moved the others.
  assert(tookMs < 3_000, `${tookMs} ms`);
});
