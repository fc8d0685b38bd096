/**
 * A day of a wind park that respects a cap, run by the real mosaik. The park,
 * whose turbines are agents, and its controller are Deno programs; wind and
 * collector are part of mosaik. The same day in plain Python must have the same
 * result, to the watt.
 *
 *     deno run -A examples/mosaik/main.ts [PICTURE.svg]
 *
 * It needs Python 3. It exits with 0 only if everything was as expected.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { pythonEnv } from "../../dev/checks/python_env.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { print } from "../print.ts";
import { runDemo } from "../run_demo.ts";
import { drawDay } from "./draw.ts";
import { powerOf, type Row, rowsOf } from "./row.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** One row in this many is shown. */
const SHOWN = 8;

/** The length of a row, in hours. */
const HOURS = 0.25;

/**
 * Runs the demo, and writes its picture to `picture`.
 *
 * @throws {Error} If Python is missing, or the result is not as expected.
 */
export async function demonstrate(
  signal: AbortSignal,
  picture = "wind_park.svg",
): Promise<void> {
  print("A wind park keeps a cap, in a scenario of mosaik\n");
  const env = await pythonEnv();
  if ("missing" in env) {
    throw new Error(`Cannot run mosaik: ${env.missing}, install Python 3`);
  }
  const python = (...args: string[]) => runPython(env.python, args, signal);
  const start = performance.now();
  const rows = rowsOf(
    await python(
      "scenario.py",
      JSON.stringify(simulator("wind_park.ts")),
      JSON.stringify(simulator("controller.ts")),
    ) as Parameters<typeof rowsOf>[0],
  );
  const seconds = (performance.now() - start) / 1_000;
  showTable(rows);
  assertEquals(rows, await python("without_mosaik.py") as Row[]);
  print("\n  Plain Python has the same, to the watt");
  await Deno.writeTextFile(picture, drawDay(rows));
  print(`  The day as a picture: ${picture}`);
  print(
    `  ${rows.length} steps in ${
      seconds.toFixed(1)
    } s, with the start of all programs`,
  );
}

/** Returns the command of a simulator, with minimal permissions. */
function simulator(name: string): string[] {
  return [
    ...[Deno.execPath(), "run", "--no-prompt", ...importMapFlags()],
    ...["--allow-net=127.0.0.1", FOLDER + name, "--log-level", "warning"],
  ];
}

/** Runs a file of this folder, and parses its output as JSON. */
async function runPython(
  python: string,
  [file = "", ...args]: readonly string[],
  signal: AbortSignal,
): Promise<unknown> {
  const { success, code, stdout } = await new Deno.Command(python, {
    args: ["-B", FOLDER + file, ...args],
    stdin: "null",
    stderr: "inherit",
    signal,
  }).output();
  signal.throwIfAborted();
  if (!success) throw new Error(`'${file}' failed: exit code ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function showTable(rows: readonly Row[]): void {
  print(`   time   could give     gives       cap   turbines, in MW`);
  for (const [at, row] of rows.entries()) {
    if (at % SHOWN !== 0) continue;
    const hour = `${row.time / 3_600}:00`.padStart(7);
    const cells = [row.available, powerOf(row), row.cap]
      .map((watts) => (watts === null ? "–" : megawatts(watts)).padStart(10));
    print(
      `${hour}${cells.join("")}   ${row.turbines.map(megawatts).join(" ")}`,
    );
  }
  const energy = (watts: (row: Row) => number) =>
    (rows.reduce((sum, row) => sum + watts(row), 0) * HOURS / 1e6).toFixed(1);
  print(
    `\n  ${energy(powerOf)} MWh of ${energy((row) => row.available)} MWh given`,
  );
}

function megawatts(watts: number): string {
  return (watts / 1e6).toFixed(2);
}

if (import.meta.main) {
  const [picture] = Deno.args;
  await runDemo((signal) => demonstrate(signal, picture));
}
