import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  judge,
  measureRatios,
  noiseOf,
  spreadOf,
  summarize,
} from "./_ratios.ts";

Deno.test("measureRatios() swaps the order from turn to turn", async () => {
  const order: string[] = [];
  let time = 0;
  const side = (name: string) => () => {
    order.push(name);
    return Promise.resolve({ value: ++time, waitedUs: 0 });
  };

  const ratios = await measureRatios(3, side("a"), side("b"));

  assertEquals(order.join(""), "abbaab");
  assertEquals(ratios, [2, 3 / 4, 6 / 5]);
});

Deno.test("measureRatios() leaves out the pairs that waited for a core", async () => {
  const waits = [9, 0, 0, 1, 50, 0, 0, 2, 3, 3, 3, 4];
  const taken = (value: number) => () =>
    Promise.resolve({ value, waitedUs: waits.shift()! });
  let turn = 0;
  const second = () => taken(++turn)();
  assertEquals(await measureRatios(6, taken(1), second), [2, 4]);
});

Deno.test("summarize() finds median and quartiles of any order", () => {
  assertEquals(summarize([5, 1, 4, 2, 3]), {
    median: 3,
    lower: 2,
    upper: 4,
    count: 5,
  });
  assertEquals(summarize([1, 2]), {
    median: 1.5,
    lower: 1.25,
    upper: 1.75,
    count: 2,
  });
  assertEquals(summarize([]), {
    median: NaN,
    lower: NaN,
    upper: NaN,
    count: 0,
  });
});

Deno.test("spreadOf() is half of what the quartiles span", () => {
  assertAlmostEquals(
    spreadOf({ median: 1, lower: 0.9, upper: 1.2, count: 4 }),
    0.15,
  );
});

Deno.test("noiseOf() falls with the number of measurements", () => {
  const summary = { median: 1, lower: 0.9, upper: 1.1, count: 25 };
  assertAlmostEquals(noiseOf(summary), 0.0628);
  assertAlmostEquals(noiseOf({ ...summary, count: 100 }), 0.0314);
});

Deno.test("judge() takes a ratio at most as high as wanted", () => {
  assertEquals(judge(1.14, { atMost: 1.2 }, 0.05), "met");
  assertEquals(judge(1.16, { atMost: 1.2 }, 0.05), "within noise");
  assertEquals(judge(1.24, { atMost: 1.2 }, 0.05), "within noise");
  assertEquals(judge(1.26, { atMost: 1.2 }, 0.05), "missed");
});

Deno.test("judge() takes a ratio at least as high as wanted", () => {
  assertEquals(judge(0.86, { atLeast: 0.8 }, 0.05), "met");
  assertEquals(judge(0.84, { atLeast: 0.8 }, 0.05), "within noise");
  assertEquals(judge(0.76, { atLeast: 0.8 }, 0.05), "within noise");
  assertEquals(judge(0.74, { atLeast: 0.8 }, 0.05), "missed");
});

Deno.test("judge() does not judge by noise", () => {
  assertEquals(judge(0.5, { atLeast: 0.8 }, 0.2), "too noisy");
  assertEquals(judge(1.5, { atLeast: 0.8 }, 0.3), "too noisy");
  assertEquals(judge(-1, { atMost: 1 }, 0.2), "too noisy");
});
