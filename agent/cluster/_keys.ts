import { printable } from "../../transports/printable.ts";

/**
 * The maximum length of a name of a cluster, node, group, election or kind of
 * agents.
 */
const MAX_LENGTH = 128;

/**
 * Returns the key of an entry. The words may be any text: each byte of a
 * character other than a letter, digit or `-` is written as `_` and its
 * hexadecimal code.
 */
export function keyOf(...words: readonly string[]): string {
  return words.map(keyWord).join(".");
}

function keyWord(word: string): string {
  return word.replace(/[^A-Za-z0-9-]/gu, (it) =>
    Array.from(
      new TextEncoder().encode(it),
      (byte) => `_${byte.toString(16).padStart(2, "0")}`,
    ).join(""));
}

/**
 * Checks a name given by the user. `act` describes the attempt.
 *
 * @throws {TypeError} If the name is empty, too long, or cannot be part of an
 * address.
 */
export function checkName(act: string, name: string): void {
  const isName = typeof name === "string" && name !== "" &&
    name.length <= MAX_LENGTH && /^[^\s/[\]$][^\s/[\]]*$/.test(name) &&
    printable(name, Infinity) === name;
  if (isName) return;
  throw new TypeError(
    `Cannot ${act}: '${
      printable(String(name))
    }' is no name, use up to ${MAX_LENGTH} characters without spaces, '/', '[' and ']' that do not begin with '$'`,
  );
}
