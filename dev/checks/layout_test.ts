import { assert, assertEquals } from "@std/assert";
import { isProduct, partOf, PARTS } from "./layout.ts";

Deno.test("partOf finds the folder, the file and the longer of two paths", () => {
  const parts = [
    ...PARTS,
    { name: "fast", path: "channel/codecs/fast.ts", mayImport: [] },
  ];
  assertEquals(partOf("channel/codecs/json/json.ts", parts)?.name, "channel");
  assertEquals(partOf("channel/codecs/fast.ts", parts)?.name, "fast");
  assertEquals(partOf("mod.ts", parts)?.name, "root");
  assertEquals(partOf("channels/a.ts", parts), undefined);
});

Deno.test("isProduct leaves out tests, benchmarks, fixtures and development", () => {
  const others = [
    "channel/channel_test.ts",
    "channel/channel_bench.ts",
    "testing/fixtures/leak.ts",
    "dev/checks/ok.ts",
    "dev/bench/main.ts",
    "dev/stress/main.ts",
    "examples/greeting/main.ts",
    "README.md",
  ];
  assertEquals(others.filter(isProduct), []);
  assert(isProduct("channel/channel.ts") && isProduct("testing/ctx.ts"));
});

Deno.test("PARTS name each other and themselves rightly", () => {
  const names = PARTS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, mayImport } of PARTS) {
    assert(mayImport.every((it) => names.includes(it) && it !== name), name);
  }
});
