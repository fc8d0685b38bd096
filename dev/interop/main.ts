/**
 * Tests denomas with aiomas. `--write` writes the results into the guide, as a
 * table.
 *
 * @module
 */

import { print, printError } from "../checks/_print.ts";
import { importFlags } from "../checks/npm_std.ts";
import { runTests } from "../checks/test.ts";
import { writeSection } from "../checks/section.ts";
import { readReport, REPORT_VARIABLE, TASK } from "./guide.ts";
import { renderSection } from "./matrix.ts";
import { env } from "./python_peer.ts";

const TESTS = ["dev/interop/"];

/** Runs the tests and writes the guide if all of them pass. */
async function writeGuide(): Promise<number> {
  if ("missing" in env) {
    printError(`Writing the table: no aiomas: ${env.missing}`);
    return 1;
  }
  const report = await Deno.makeTempFile();
  try {
    const variables = { [REPORT_VARIABLE]: report };
    const code = await runTests(TESTS, await importFlags(), variables);
    if (code !== 0) {
      printError("Writing the table: not all tests passed");
      return code;
    }
    const { rows, cells, versions } = await readReport(report);
    const section = renderSection(rows, cells, versions);
    await writeSection("interop.md", TASK, section);
    print("docs/interop.md is written");
    return 0;
  } finally {
    await Deno.remove(report);
  }
}

if (import.meta.main) {
  Deno.exit(
    Deno.args.includes("--write")
      ? await writeGuide()
      : await runTests(TESTS, await importFlags()),
  );
}
