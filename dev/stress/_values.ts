import { type Random, randomInteger } from "../../testing/network/_random.ts";
import { pick } from "../shared/pick.ts";

const TEXTS = [
  "",
  "a",
  "grüße 🎈",
  "__proto__",
  "constructor",
  "toString",
  "sub/add",
  "/",
  "agents/0/ping",
  "$/hello",
  "$/call",
  "$/cancel",
  "$/next",
  "$/return",
  "$/keep",
  "$/release",
  "$/ref/0",
  "$/ping",
  "validate_aid",
  "watch_aid",
  "\u0000\u2028\ud83c\udf88",
];

const NUMBERS = [
  0,
  -1,
  1.5,
  255,
  65_536,
  -2_147_483_648,
  2 ** 32,
  2 ** 53 - 1,
  1e300,
  5e-324,
];

/** Returns plain data that every codec carries, at most `depth` deep. */
export function randomValue(random: Random, depth: number = 4): unknown {
  const kind = randomInteger(random, 0, depth > 0 ? 7 : 4);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return pick(random, NUMBERS);
    case 3:
      return pick(random, TEXTS);
    case 4:
      return randomInteger(random, -1_000_000, 1_000_000);
    case 5:
    case 6:
      return Array.from(
        { length: randomInteger(random, 0, 5) },
        () => randomValue(random, depth - 1),
      );
    default:
      return randomMap(random, depth);
  }
}

function randomMap(random: Random, depth: number): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (let left = randomInteger(random, 0, 5); left > 0; left--) {
    const key = pick(random, TEXTS) + randomInteger(random, 0, 3);
    map[key] = randomValue(random, depth - 1);
  }
  if (random() < 0.1) {
    Object.defineProperty(map, "__proto__", {
      value: randomValue(random, depth - 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return map;
}

/** Returns a message of the right shape with random parts. */
export function randomMessage(random: Random): unknown {
  const id = random() < 0.8
    ? randomInteger(random, 0, 20)
    : randomValue(random, 1);
  const type = random() < 0.9
    ? randomInteger(random, 0, 2)
    : randomValue(random, 1);
  const content = random() < 0.7
    ? [pick(random, TEXTS), randomList(random), randomMap(random, 2)]
    : randomValue(random);
  return [type, id, content];
}

function randomList(random: Random): unknown[] {
  return Array.from(
    { length: randomInteger(random, 0, 4) },
    () => randomValue(random, 3),
  );
}

/** Returns a path of random names. */
export function randomPath(random: Random): string {
  return Array.from(
    { length: randomInteger(random, 1, 4) },
    () => pick(random, TEXTS),
  ).join("/");
}

/** Returns whether two values of plain data have the same own properties. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  // A codec may read an integer as a number or a bigint.
  if (typeof a === "bigint" || typeof b === "bigint") {
    return (typeof a === "number" || typeof b === "number") && a == b;
  }
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) &&
    isSameData(
      Reflect.getOwnPropertyDescriptor(a, key)!.value,
      Reflect.getOwnPropertyDescriptor(b, key)!.value,
    )
  );
}

/** Returns whether all numbers in plain data are finite. */
export function isFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isFinite);
}
