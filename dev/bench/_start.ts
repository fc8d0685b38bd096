import { fileURLToPath } from "node:url";
import { type Check, checked } from "./_check.ts";
import { importMapFlags } from "../checks/import_map_flags.ts";
import { measurePairs, spreadOf, summarizeRatios } from "./_pairs.ts";

/** Measures how much longer a program with a first call runs than an empty one. */
export async function measureStart(pairs: number): Promise<Check> {
  const empty = () => timeProgram("empty");
  const call = () => timeProgram("first_call");
  // What Deno keeps of a program, it keeps from the first time on.
  await empty();
  await call();
  const found = summarizeRatios(await measurePairs(pairs, empty, call));
  const itself = summarizeRatios(await measurePairs(pairs, empty, empty));
  return checked({
    what: "channel, import and first call in a new process / empty program",
    unit: "× time",
    found,
    noise: spreadOf(itself) * found.median,
    target: { atMost: 1.8 },
  });
}

/** In ms, from before the process starts until it has ended. */
async function timeProgram(name: string): Promise<number> {
  const file = new URL(`programs/${name}.ts`, import.meta.url);
  const startedAt = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...importMapFlags(), fileURLToPath(file)],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Program '${name}' failed`);
  return performance.now() - startedAt;
}
