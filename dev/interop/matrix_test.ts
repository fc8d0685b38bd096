import { assertEquals } from "@std/assert";
import {
  type Cell,
  COLUMNS,
  parseCells,
  parseRows,
  renderSection,
  type Row,
} from "./matrix.ts";

const rows: Row[] = [
  { layer: "channel", feature: "Calls", serves: "aiomas" },
  { layer: "rpc", feature: "Calls", serves: "aiomas" },
  { layer: "rpc", feature: "Streams", serves: "denomas" },
  { layer: "agents", feature: "Watching", serves: "denomas" },
];

const NOTES = [undefined, "It has none.", "Not yet.", "It has none."];

const cells: Cell[] = rows.flatMap((row, at) =>
  COLUMNS.map((column) => {
    const not = NOTES[at];
    const found = not === undefined ? "works" as const : { not };
    return { ...row, column, found };
  })
);

const versions = { aiomas: "1", arrow: "2", msgpack: "3" };
const section = renderSection(rows, cells, versions);

Deno.test("parseRows and parseCells read what renderSection writes", () => {
  assertEquals(parseRows(section), rows);
  assertEquals(parseCells(section), cells);
});

Deno.test("renderSection tells a reason once", () => {
  assertEquals(section.match(/^\d+\. .*$/gm), [
    "1. It has none.",
    "2. Not yet.",
  ]);
});
