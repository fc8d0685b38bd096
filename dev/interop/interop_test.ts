import { assertEquals, assertStringIncludes } from "@std/assert";
import { fixedCells, leftOut, rows } from "./conformance.ts";
import { guide, noteInReport, reportPath, STALE } from "./guide.ts";
import {
  isInRow,
  LAYERS,
  parseCells,
  parseRows,
  readSection,
  versionLine,
  type Versions,
} from "./matrix.ts";
import { PythonPeer } from "./python_peer.ts";
import "./rows/channel.ts";
import "./rows/rpc.ts";
import "./rows/agents.ts";
import "./rows/tls.ts";

Deno.test("docs/interop.md has the rows that are tested, in order", async () => {
  if (reportPath !== undefined) {
    return await noteInReport({ rows, cells: fixedCells });
  }
  const section = readSection(await guide());
  const byLayer = LAYERS.flatMap((layer) =>
    rows.filter((row) => row.layer === layer)
  );
  assertEquals(parseRows(section), byLayer, STALE);
  const cells = parseCells(section);
  for (const { column, ...fixed } of fixedCells) {
    const told = cells.find((it) => isInRow(it, fixed) && it.column === column);
    assertEquals(told, { column, ...fixed }, STALE);
  }
});

Deno.test({
  name: `docs/interop.md names the versions that are tested${leftOut}`,
  ignore: leftOut !== "",
  fn: async () => {
    await using python = new PythonPeer();
    const versions = await python.do<Versions>("versions");
    if (reportPath !== undefined) return await noteInReport({ versions });
    const section = readSection(await guide());
    assertStringIncludes(section, versionLine(versions), STALE);
  },
});
