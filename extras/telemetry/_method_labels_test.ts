import { assertEquals } from "@std/assert";
import { MethodLabels } from "./_method_labels.ts";

Deno.test("MethodLabels keeps names that only failed from using up the room", () => {
  const labels = new MethodLabels();
  const failed = new Set<string>();
  for (let i = 0; i < 100_000; i++) failed.add(labels.of(`a${i}`, false));
  assertEquals(failed.size, 101);
  assertEquals(labels.of("a0", false), "a0");
  assertEquals(labels.of("real", false), "_OTHER");
  assertEquals(labels.of("real", true), "real");
  assertEquals(labels.of("real", false), "real");
});

Deno.test("MethodLabels has a limited number of names in all", () => {
  const labels = new MethodLabels();
  const answered = new Set<string>();
  for (let i = 0; i < 100_000; i++) answered.add(labels.of(`a${i}`, true));
  assertEquals(answered.size, 1_001);
  assertEquals(labels.of("a0", true), "a0");
});

Deno.test("MethodLabels gives the place of a failed name back once it is answered", () => {
  const labels = new MethodLabels();
  for (let i = 0; i < 100; i++) labels.of(`a${i}`, false);
  assertEquals(labels.of("b", false), "_OTHER");
  assertEquals(labels.of("a0", true), "a0");
  assertEquals(labels.of("b", false), "b");
});
