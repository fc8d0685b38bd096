const VARIABLE = "DENOMAS_SEED";
const LARGEST = 2 ** 32 - 1;

/**
 * Returns the seed of a test's random numbers: `wanted`, or that of the
 * environment, or another one each time.
 *
 * @throws {RangeError} If it is no integer from 0 to 4,294,967,295.
 */
export function resolveSeed(wanted: number | undefined): number {
  const seed = wanted ?? fromEnvironment() ??
    crypto.getRandomValues(new Uint32Array(1))[0]!;
  if (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST) return seed;
  throw new RangeError(
    `Cannot register test: the seed is ${seed}, it must be an integer from 0 to ${LARGEST}`,
  );
}

function fromEnvironment(): number | undefined {
  const text = readVariable(VARIABLE);
  return text === undefined || text === "" ? undefined : Number(text);
}

/** Returns a variable of the environment, if the test may read it. */
export function readVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Says how to run a failed step again with the same random numbers. */
export function describeSeed(seed: number): string {
  return `The network's seed was ${seed}: set ${VARIABLE}=${seed} or the option 'seed' to run with it again`;
}
