/**
 * Interrupts the holders of leases, whose writes must take effect in the order
 * of their epochs: `deno task stress:leases`. Ends with exit code 1 on any
 * violation.
 *
 * @module
 */
import { print, printError } from "../../checks/_print.ts";
import { interruptHolders } from "./_rounds.ts";
import { startContainerStore, startNatsStore } from "./_store.ts";

const USAGE = `Usage: deno task stress:leases [OPTION …]

  --engine=NAME   'container' or 'nats'; default both
  --rounds=N      how many holders are stopped or killed; default 1000
  --lanes=N       how many leases there are; default 4
  --seed=S        the seed of all random numbers; default 1
  --unchecked     without the check of the store: ends with exit code 1 unless
                  that is found`;

/** The arguments of a run. */
interface Arguments {
  readonly engine: string;
  readonly rounds: number;
  readonly lanes: number;
  readonly seed: number;
  readonly isChecked: boolean;
}

function parseArguments(args: readonly string[]): Arguments {
  const values = new Map<string, string>();
  for (const arg of args) {
    const [, name, value = ""] =
      /^--(engine|rounds|lanes|seed|unchecked)(?:=(\w+))?$/.exec(arg) ?? [];
    if (name === undefined) {
      throw new TypeError(`Reading '${arg}': unknown argument\n\n${USAGE}`);
    }
    values.set(name, value);
  }
  const number = (name: string, fallback: number) =>
    Number(values.get(name) ?? fallback);
  return {
    engine: values.get("engine") ?? "",
    rounds: number("rounds", 1_000),
    lanes: number("lanes", 4),
    seed: number("seed", 1),
    isChecked: !values.has("unchecked"),
  };
}

const STORES = { container: startContainerStore, nats: startNatsStore };

async function run(args: Arguments): Promise<boolean> {
  let isFine = true;
  for (const [name, start] of Object.entries(STORES)) {
    if (!name.includes(args.engine)) continue;
    await using store = await start();
    const started = performance.now();
    const outcome = await interruptHolders(store, {
      ...args,
      onRound: (count) => {
        if (count % 100 === 0) print(`${name}: ${count} rounds`);
      },
    });
    const { interruptions, epochs, writes, refused, disorders } = outcome;
    const seconds = Math.round((performance.now() - started) / 1_000);
    print(
      `${name}: ${interruptions.stop} stopped and continued, ${
        interruptions["stop and kill"]
      } stopped and killed, ${interruptions.kill} killed; ${epochs} epochs, ${writes} writes, ${refused} refused, ${disorders.length} out of order; ${seconds} s`,
    );
    for (const disorder of disorders.slice(0, 5)) print(disorder);
    isFine &&= (disorders.length === 0) === args.isChecked;
  }
  return isFine;
}

if (import.meta.main) {
  try {
    if (!await run(parseArguments(Deno.args))) Deno.exit(1);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}
