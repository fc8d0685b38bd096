/**
 * Runs denomas against aiomas. With `--write` it writes what it found into the
 * guide, as a table.
 *
 * @module
 */

import { print, printError } from "../checks/_print.ts";
import { importFlags } from "../checks/npm_std.ts";
import { runTests } from "../checks/test.ts";
import { GUIDE, guide, readReport, REPORT_VARIABLE } from "./guide.ts";
import { renderSection, replaceSection } from "./matrix.ts";
import { env } from "./python_peer.ts";

const TESTS = ["dev/interop/"];

/** Runs the tests, and writes the guide if all of them pass. */
async function writeGuide(): Promise<number> {
  if ("missing" in env) {
    printError(`Writing the table: there is no aiomas here, ${env.missing}`);
    return 1;
  }
  const report = await Deno.makeTempFile();
  try {
    const variables = { [REPORT_VARIABLE]: report };
    const code = await runTests(TESTS, await importFlags(), variables);
    if (code !== 0) {
      printError("Writing the table: nothing written, since not all passed");
      return code;
    }
    const { rows, cells, versions } = await readReport(report);
    const section = renderSection(rows, cells, versions);
    await Deno.writeTextFile(GUIDE, replaceSection(await guide(), section));
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
