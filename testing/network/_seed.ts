const VARIABLE = "DENOMAS_SEED";
const LARGEST = 2 ** 32 - 1;

/**
 * What a test draws its chances from: `wanted`, or what the environment says,
 * or another number each time.
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

/** Reading the environment without permission would throw. */
function fromEnvironment(): number | undefined {
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: VARIABLE,
  });
  const text = state === "granted" ? Deno.env.get(VARIABLE) : undefined;
  return text === undefined || text === "" ? undefined : Number(text);
}

/** Tells how to run a failed step again with the same chances. */
export function describeSeed(seed: number): string {
  return `The network's seed was ${seed}: set ${VARIABLE}=${seed} or the option 'seed' to run with it again`;
}
