import { assertAlmostEquals } from "@std/assert";
import { sumOfPauses } from "./_garbage.ts";

Deno.test("sumOfPauses adds the pauses of all kinds, and no sizes", () => {
  const trace = [
    "[22470:0x5612]     1347 ms: Scavenge 8.0 (14.2) -> 4.9 (14.2) MB, pooled: 0.0 MB, 0.33 / 0.00 ms (average mu = 0.997) allocation failure; ",
    "a line of the program, 3 / 4",
    "[22470:0x5612]     1610 ms: Incremental Mark-Compact 9.6 (12.8) -> 4.2 (12.0) MB, pooled: 0.8 MB, 4.85 / 0.00 ms (+ 0.0 ms in 1 steps) finalize",
  ].join("\n");
  assertAlmostEquals(sumOfPauses(trace), 5.18);
});
