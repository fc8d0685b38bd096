/**
 * Measures the cost of the types of `method`: the time to check a program whose
 * services define their methods with schemas, compared with the same program
 * with the same schemas and plain functions. Fails if the difference is too
 * large.
 *
 * @module
 */
import { print, printError } from "../checks/_print.ts";
import { ROOT } from "../checks/_project.ts";
import { importFlags } from "../checks/npm_std.ts";

const METHODS = 1_000;
const PER_SERVICE = 50;
const ROUNDS = 5;
const MOST_MS = 1_000;

/** Returns a program whose clients call each method once. */
function program(makesMethods: boolean): string {
  const lines = [
    `import { method, openConnection, service } from "@denomas/denomas/rpc";`,
    `import { z } from "npm:zod@4.6.7";`,
    // A random number, so that Deno does not reuse an earlier check.
    `export const run = [method, ${Math.random()}];`,
  ];
  for (let s = 0; s < METHODS / PER_SERVICE; s++) {
    const numbers = Array.from({ length: PER_SERVICE }, (_, m) => m);
    for (const m of numbers) {
      lines.push(
        `const s${s}_${m} = z.object({ id: z.string(), n${m}: z.number().optional() });`,
        `const t${s}_${m} = z.number().default(1), u${s}_${m} = z.string();`,
      );
    }
    lines.push(`const service${s} = service({`);
    for (const m of numbers) {
      lines.push(
        makesMethods
          ? `m${m}: method({ args: [s${s}_${m}, t${s}_${m}], result: u${s}_${m} }, (it, n) => it.id + n),`
          : `m${m}: (it: z.infer<typeof s${s}_${m}>, n = 1): string => it.id + n,`,
      );
    }
    lines.push(
      "});",
      `const client${s} = await openConnection<typeof service${s}>("local://a");`,
    );
    for (const m of numbers) {
      lines.push(
        `export const r${s}_${m}: string = await client${s}.remote.m${m}({ id: "" });`,
      );
    }
  }
  return lines.join("\n");
}

/** Returns the time to check a program, in milliseconds. */
async function checkMs(
  source: string,
  flags: readonly string[],
): Promise<number> {
  const file = await Deno.makeTempFile({ suffix: ".ts", dir: `${ROOT}/dev` });
  try {
    await Deno.writeTextFile(file, source);
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", ...flags, file],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    if (success) return performance.now() - start;
    throw new Error(`Checking types: ${new TextDecoder().decode(stderr)}`);
  } finally {
    await Deno.remove(file);
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

const flags = await importFlags();
const plain: number[] = [];
const made: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  plain.push(await checkMs(program(false), flags));
  made.push(await checkMs(program(true), flags));
}
const moreMs = median(made) - median(plain);
print(
  `${METHODS} methods: ${median(made).toFixed(0)} ms with 'method', ` +
    `${median(plain).toFixed(0)} ms with plain functions, ` +
    `${moreMs.toFixed(0)} ms more`,
);
if (moreMs > MOST_MS) {
  printError(`The types of methods are slow: wanted at most ${MOST_MS} ms`);
  Deno.exit(1);
}
