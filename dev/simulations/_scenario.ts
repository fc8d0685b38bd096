import { ROOT } from "../checks/_project.ts";

/** The result of a scenario run. */
export interface ScenarioRun {
  readonly failed: boolean;
  /** The output of the run. */
  readonly output: string;
}

/** Options for {@linkcode runScenario}. */
export interface ScenarioOptions {
  /** The folder of the project. */
  readonly root: string;
  /** The flags of the import map. */
  readonly flags: readonly string[];
  /** Seeds and faults. */
  readonly env: Readonly<Record<string, string>>;
}

const SUFFIX = "_test.ts";

/** Returns the names of the scenarios. */
export async function listScenarios(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}/dev/simulations`)) {
    if (name.startsWith("_") || !name.endsWith(SUFFIX)) continue;
    names.push(name.slice(0, -SUFFIX.length));
  }
  return names.sort();
}

/** Runs one scenario in a separate process. */
export async function runScenario(
  scenario: string,
  { root, flags, env }: ScenarioOptions,
): Promise<ScenarioRun> {
  const file = `dev/simulations/${scenario}${SUFFIX}`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...flags, file],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  return { failed: !success, output };
}
