import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../testing/network/random.ts";
import { roughBytes } from "./_rough_bytes.ts";

Deno.test("roughBytes counts text, bytes, lists and maps with what is in them", () => {
  assertEquals(roughBytes(1, Infinity), 8);
  assertEquals(roughBytes(null, Infinity), 8);
  assertEquals(roughBytes(undefined, Infinity), 8);
  assertEquals(roughBytes("abc", Infinity), 11);
  assertEquals(roughBytes(new Uint8Array(100), Infinity), 108);
  assertEquals(roughBytes([1, "abc"], Infinity), 8 + 8 + 11);
  assertEquals(roughBytes({ key: "abc", k: [] }, Infinity), 8 + 3 + 11 + 1 + 8);
});

Deno.test("roughBytes counts what a serializer would take apart", () => {
  assertEquals(roughBytes(new Float64Array(10), Infinity), 88);
  assertEquals(roughBytes(new ArrayBuffer(10), Infinity), 18);
  assertEquals(roughBytes(new Set(["abc"]), Infinity), 8 + 11);
  assertEquals(roughBytes(new Map([["abc", 1]]), Infinity), 8 + 8 + 11 + 8);
});

Deno.test("roughBytes is near what JSON takes", () => {
  const random = seededRandom(1);
  const make = (depth: number): unknown => {
    const kind = random();
    if (depth === 0 || kind < 0.3) return random();
    if (kind < 0.6) return "x".repeat(random() * 20);
    const parts = Array.from({ length: 5 }, () => make(depth - 1));
    return kind < 0.8
      ? parts
      : Object.fromEntries(parts.map((it, i) => [`key${i}`, it]));
  };
  for (let i = 0; i < 200; i++) {
    const value = make(5);
    const real = JSON.stringify(value).length;
    const rough = roughBytes(value, Infinity);
    assert(rough >= real / 4 && rough <= real * 4 + 8, `${rough} for ${real}`);
  }
});

Deno.test("roughBytes stops counting at what is enough", () => {
  let read = 0;
  const item = {
    get costly() {
      read++;
      return "x".repeat(100);
    },
  };
  const bytes = roughBytes(Array.from({ length: 100_000 }, () => item), 1_000);
  assert(bytes >= 1_000 && bytes < 2_000, String(bytes));
  assert(read < 20, String(read));
});

Deno.test("roughBytes comes to an end on a circular value", () => {
  const circle: unknown[] = [];
  circle.push(circle, circle);
  assert(roughBytes(circle, 10_000) >= 10_000);
  assert(roughBytes(circle, Infinity) < 2 ** 30);
});
