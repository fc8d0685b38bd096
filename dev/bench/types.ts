/**
 * Measures what `Remote` costs the type checker: `deno task bench:types`. It
 * checks a program that calls 1,000 methods of 20 services by proxies, and the
 * same program that calls the services themselves, in turns. Nothing is taken
 * from Deno's cache of checked programs, since no two runs have the same text.
 *
 * A missed target is printed, and is no failure: the exit code is 0.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "@std/path";
import { describeMachine } from "../shared/machine.ts";
import { measurePairs, summarize, type Summary } from "./_pairs.ts";
import { print } from "./_print.ts";
import { type Access, typedProgram } from "./_typed_program.ts";

const METHODS = 1_000;
const METHODS_EACH = 50;
const PAIRS = 7;
const MOST_SECONDS = 1;

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const DIRECT: Access = { kind: "direct" };
const REMOTE: Access = {
  kind: "remote",
  module: import.meta.resolve("../../rpc/remote.ts"),
};

let runs = 0;

/** Checks a program anew and returns how many seconds it took. */
async function timeCheck(folder: string, access: Access): Promise<number> {
  const file = join(folder, `${access.kind}.ts`);
  const program = typedProgram(access, METHODS, METHODS_EACH);
  await Deno.writeTextFile(file, `// ${Date.now()}, ${runs++}\n${program}`);
  const startedAt = performance.now();
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", CONFIG, file],
    stdin: "null",
  }).output();
  const seconds = (performance.now() - startedAt) / 1000;
  if (output.success) return seconds;
  const errors = new TextDecoder().decode(output.stderr);
  throw new Error(`Cannot check the program '${access.kind}': ${errors}`);
}

/** Measures both in turns; the first time of each warms the disk's cache. */
async function measure(): Promise<
  Record<"direct" | "remote" | "more", Summary>
> {
  const folder = await Deno.makeTempDir({ prefix: "bench-types-" });
  try {
    const direct = () => timeCheck(folder, DIRECT);
    const remote = () => timeCheck(folder, REMOTE);
    await direct();
    await remote();
    const pairs = await measurePairs(PAIRS, direct, remote);
    return {
      direct: summarize(pairs.map(({ first }) => first)),
      remote: summarize(pairs.map(({ second }) => second)),
      more: summarize(pairs.map(({ first, second }) => second - first)),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function describe({ median, lower, upper }: Summary): string {
  return `${median.toFixed(2)} s (quartiles ${lower.toFixed(2)}–${
    upper.toFixed(2)
  })`;
}

print(describeMachine());
print(
  `deno check of ${METHODS} methods in services of ${METHODS_EACH}, median of ${PAIRS}`,
);
const { direct, remote, more } = await measure();
print(`without Remote  ${describe(direct)}`);
print(`with Remote     ${describe(remote)}`);
const verdict = more.median <= MOST_SECONDS ? "met" : "missed";
print(
  `difference      ${
    describe(more)
  }, wanted at most ${MOST_SECONDS} s: ${verdict}`,
);
