import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./_project.ts";

/** The file with the names. */
const NAMES = `${ROOT}/dev/checks/aiomas/names.txt`;

/** The guide. */
const GUIDE = `${ROOT}/docs/from_aiomas.md`;

/** Returns the names in a list with one name per line. */
function parseNames(text: string): Set<string> {
  return new Set(text.split("\n").filter((line) => line !== ""));
}

/**
 * Returns the names in a guide, with the name of their module: the code in the
 * first column of the tables, in each section whose heading names a module.
 */
function namesInGuide(text: string): Set<string> {
  const names = new Set<string>();
  let module: string | null = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) module = /`([a-z_]+)`/.exec(line)?.[1] ?? null;
    if (module === null || !line.startsWith("|")) continue;
    for (const [, name] of line.split("|")[1]!.matchAll(/`([^`]+)`/g)) {
      names.add(`${module}.${name}`);
    }
  }
  return names;
}

/** Returns the names missing from the guide, and those that do not exist. */
function nameBreaches(
  wanted: ReadonlySet<string>,
  told: ReadonlySet<string>,
): string[] {
  return [
    ...[...wanted.difference(told)].map((it) => `the guide lacks '${it}'`),
    ...[...told.difference(wanted)].map((it) => `aiomas has no '${it}'`),
  ];
}

Deno.test("docs/from_aiomas.md covers every name of aiomas", async () => {
  const wanted = parseNames(await Deno.readTextFile(NAMES));
  const told = namesInGuide(await Deno.readTextFile(GUIDE));
  assert(wanted.size > 150);
  assertEquals(nameBreaches(wanted, told), []);
});

Deno.test("namesInGuide reads the first column in sections of modules", () => {
  const guide = [
    "| `early` | no |",
    "### `rpc`, calls",
    "| aiomas | here |",
    "| `a(b, c)`, `d` | `not` |",
    "`neither`",
    "## Later",
    "| `late` | no |",
  ];
  assertEquals(
    namesInGuide(guide.join("\n")),
    new Set(["rpc.a(b, c)", "rpc.d"]),
  );
});

Deno.test("nameBreaches tells both what is missing and what is made up", () => {
  assertEquals(
    nameBreaches(new Set(["a.b", "a.c"]), new Set(["a.c", "a.d"])),
    ["the guide lacks 'a.b'", "aiomas has no 'a.d'"],
  );
});
