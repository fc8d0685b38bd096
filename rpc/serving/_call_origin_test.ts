import { assertEquals } from "@std/assert";
import { readOrigin } from "./_call_origin.ts";

Deno.test("readOrigin reads the agent and the turns that a peer tells of", () => {
  for (
    const [received, expected] of [
      [{}, { agent: null, turns: [] }],
      [{ agent: "0", turns: ["a", "b"] }, { agent: "0", turns: ["a", "b"] }],
      [{ agent: null, more: 1 }, { agent: null, turns: [] }],
    ] as const
  ) assertEquals<unknown>(readOrigin(received), expected);
});

Deno.test("readOrigin takes nothing of another form", () => {
  const long = "x".repeat(1_025);
  for (
    const received of [
      undefined,
      null,
      "0",
      [],
      { agent: 5 },
      { agent: "a/b" },
      { agent: "a\nb" },
      { agent: long },
      { turns: "a" },
      { turns: [5] },
      { turns: [long] },
      { turns: Array(129).fill("a") },
    ]
  ) assertEquals(readOrigin(received), null, Deno.inspect(received));
});
