/** What `dev/stress/main.ts` is asked for. */
export interface Arguments {
  /** For about how long to run, in seconds. */
  readonly seconds: number;
  /** What all chances are drawn from. */
  readonly seed: number;
  /** Only trials whose name, or transport, holds this; empty for all. */
  readonly only: string;
  /** Whether to put the figures into the guide. */
  readonly write: boolean;
}

/** How to call it. */
export const USAGE: string = `Usage: deno task stress [OPTION …]

  --seconds=N   for about how long to run; 30 if nothing is said
  --seed=S      what all chances are drawn from; another one each time
  --only=WORD   only trials whose name holds it, as in --only=rpc or --only=tls
  --write       put the figures into docs/reliability.md`;

/**
 * Reads the arguments.
 *
 * @throws {TypeError} If there is one that it does not know.
 */
export function parseArguments(args: readonly string[]): Arguments {
  let seconds = 30;
  let seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  let only = "";
  let write = false;
  for (const arg of args) {
    const [, name, value] = /^--(\w+)(?:=(.+))?$/.exec(arg) ?? [];
    if (name === "seconds" && Number(value) > 0) seconds = Number(value);
    else if (name === "seed" && /^\d{1,10}$/.test(value ?? "")) {
      seed = Number(value) >>> 0;
    } else if (name === "only" && value !== undefined) only = value;
    else if (name === "write" && value === undefined) write = true;
    else throw new TypeError(`Cannot use argument '${arg}'\n\n${USAGE}`);
  }
  return { seconds, seed, only, write };
}
