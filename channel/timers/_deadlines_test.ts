import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../testing/network/_random.ts";
import { Deadlines, type Expiring } from "./_deadlines.ts";

interface Item extends Expiring {
  readonly name: number;
}

function item(deadline: number, name = 0): Item {
  return { deadline, slot: -1, name };
}

Deno.test("Deadlines expire in order of time, however they were added", async () => {
  const random = seededRandom(1);
  const now = performance.now();
  const expired: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadlines = new Deadlines<Item>({}, (each) => {
    expired.push(each.deadline);
    if (expired.length === 200) resolve();
  });
  for (let i = 0; i < 200; i++) deadlines.add(item(now + random() * 30));
  await promise;
  assertEquals(expired, [...expired].sort((a, b) => a - b));
});

Deno.test("Deadlines expire what was not removed, and only that", async () => {
  const random = seededRandom(2);
  const now = performance.now();
  const expired = new Set<number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadlines = new Deadlines<Item>({}, (each) => {
    expired.add(each.name);
    if (each.name === -1) resolve();
  });
  const items = Array.from(
    { length: 300 },
    (_, i) => item(now + 1 + random() * 20, i),
  );
  for (const each of items) deadlines.add(each);
  deadlines.add(item(now + 25, -1));
  const kept = items.filter(() => random() < 0.5);
  for (const each of items) if (!kept.includes(each)) deadlines.remove(each);
  await promise;
  assertEquals(
    [...expired].sort((a, b) => a - b),
    [-1, ...kept.map((each) => each.name)],
  );
});

Deno.test("Deadlines never expire before their time", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const deadline = performance.now() + 7.9;
  new Deadlines<Item>({}, () => resolve(performance.now())).add(item(deadline));
  assert(await promise >= deadline);
});

Deno.test("Deadlines hold no timer once all are removed, nor for Infinity", () => {
  const deadlines = new Deadlines<Item>({}, () => {});
  const soon = item(performance.now() + 10_000);
  const later = item(performance.now() + 2 ** 33);
  deadlines.add(item(Infinity));
  deadlines.add(soon);
  deadlines.add(later);
  deadlines.remove(soon);
  deadlines.remove(later);
  // Removing twice does no harm; the sanitizer would see a timer left.
  deadlines.remove(later);
});

Deno.test("Deadlines can be added while one expires", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const deadlines = new Deadlines<Item>({}, () => {
    if (++count === 3) resolve();
    else deadlines.add(item(performance.now() + 1));
  });
  deadlines.add(item(performance.now()));
  await promise;
});
