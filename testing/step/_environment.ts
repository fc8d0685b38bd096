import { world } from "../../transports/internal.ts";

const VARIABLE = "DENOMAS_SEED";
const LARGEST = 2 ** 32 - 1;

/**
 * Returns the seed of a test's random numbers: `wanted`, or `text`, which is
 * that of the environment, or another one each time.
 *
 * @throws {RangeError} If it is no integer from 0 to 4,294,967,295.
 */
export function resolveSeed(
  wanted: number | undefined,
  text: string = readVariable(VARIABLE) ?? "",
): number {
  const seed = wanted ?? (text === "" ? randomSeed() : Number(text));
  if (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST) return seed;
  throw new RangeError(
    `Cannot register test: the seed is ${seed}, it must be an integer from 0 to ${LARGEST}`,
  );
}

function randomSeed(): number {
  return Math.floor(world.random() * (LARGEST + 1));
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
