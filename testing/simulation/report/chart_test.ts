import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawTraceChart } from "./chart.ts";
import { lockTrace, longTrace } from "./fixtures/traces.ts";

Deno.test("drawTraceChart draws a column for each node and an arrow for each message", () => {
  assertEquals(
    drawTraceChart(lockTrace(), 9),
    `
          hub     ada     bob
 9.100 s  │       │       †        crash: bob crashes
12.400 s  │       │       ○        restart: bob starts anew
13.000 s  ◀───────●       │        acquire("ada")
14.270 s  │       ▒       │        fault: hold for 3.564 s
14.400 s  ●───────▶       │        result true  (after 3.500 s)
19.100 s  │       ·       │        note: works with the lock
20.000 s  ◀───────────────●        acquire("bob")
20.500 s  ●───────────────▶        result <b>true</b>
21.000 s  ✗       ✗       ✗        failure: not linearizable: bob and ada both hold the lock at 21.000 s
`.slice(1, -1),
  );
});

Deno.test("drawTraceChart marks what was not received, and makes text safe", () => {
  const chart = drawTraceChart({
    seed: 1,
    faults: [],
    events: [{
      ...{ at: 0, node: "a", kind: "message", from: "a", to: "b", id: 1 },
      text: "\x1b[31mred",
    }],
  });
  assertStringIncludes(chart, "●───────✕");
  assertStringIncludes(chart, "\\u{1b}[31mred  (not received)");
});

Deno.test("drawTraceChart keeps to its number of lines", () => {
  assertEquals(drawTraceChart(longTrace(1_000)).split("\n").length, 31);
  assertEquals(drawTraceChart({ seed: 1, events: [], faults: [] }), "");
});
