import { assertEquals } from "@std/assert";
import { powerOf, rowsOf } from "./row.ts";

Deno.test("rowsOf() reads what was collected; a cap holds until the next", () => {
  const available = { "P-0.park": 9 };
  const power = { "P-0.park": 5, "P-0.turbine-1": 3, "P-0.turbine-0": 2 };
  const rows = rowsOf({
    "0": { available, power },
    "900": { available, power, cap: { "C-0.controller": 5 } },
    "1800": { available, power },
    "2700": { available, power, cap: { "C-0.controller": null } },
  });
  assertEquals(rows.map(({ cap }) => cap), [null, 5, 5, null]);
  assertEquals(rows[3], {
    time: 2700,
    available: 9,
    cap: null,
    turbines: [2, 3],
  });
  assertEquals(powerOf(rows[3]!), 5);
});
