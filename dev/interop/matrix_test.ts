import { assertEquals, assertThrows } from "@std/assert";
import {
  type Cell,
  COLUMNS,
  parseCells,
  parseRows,
  readSection,
  renderSection,
  replaceSection,
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

Deno.test("replaceSection replaces what is between the marks, and no more", () => {
  const guide = [
    "before",
    "<!-- interop: begin, made by `deno task interop --write` -->",
    "old",
    "<!-- interop: end -->",
    "after",
  ].join("\n");
  const replaced = replaceSection(guide, section);
  assertEquals(readSection(replaced), section);
  assertEquals(replaced.split("\n").at(0), "before");
  assertEquals(replaced.split("\n").at(-1), "after");
  assertEquals(replaceSection(replaced, section), replaced);
});

Deno.test("readSection throws where the marks are missing", () => {
  assertThrows(() => readSection("# A guide"), Error, "Cannot find the table");
});
