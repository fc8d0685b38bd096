import { assertEquals } from "@std/assert";
import {
  checkExports,
  diffLines,
  exportBreaches,
  formatExports,
  isExplicit,
  readExports,
  readSnapshot,
} from "./exports.ts";
import { importFlags } from "./npm_std.ts";

function names(file: string, count: number) {
  return Array.from(
    { length: count },
    (_, i) => ({ name: `name${i}`, kind: "function", file }),
  );
}

Deno.test("exportBreaches refuses names of private files", () => {
  const table = new Map([["./agent", [
    ...names("agent/agent.ts", 1),
    ...names("agent/_links.ts", 1),
    ...names("channel/internal.ts", 1),
  ]]]);
  assertEquals(exportBreaches(table), [
    "'./agent' exports 'name0' of the private 'agent/_links.ts'",
    "'./agent' exports 'name0' of the private 'channel/internal.ts'",
  ]);
});

Deno.test("exportBreaches refuses too many names, in all and in one entry", () => {
  assertEquals(exportBreaches(new Map([["./rpc", names("rpc/a.ts", 48)]])), []);
  assertEquals(exportBreaches(new Map([["./rpc", names("rpc/a.ts", 49)]])), [
    "'./rpc' has 49 names, wanted 48",
  ]);
  const table = new Map([
    ["./agent", names("agent/a.ts", 150)],
    ["./all", names("agent/a.ts", 150)],
    ["./channel", names("channel/a.ts", 151)],
  ]);
  assertEquals(exportBreaches(table), [
    "the entries have 301 names, wanted 300",
  ]);
});

Deno.test("isExplicit refuses an 'export *', not namespaces and comments", () => {
  assertEquals(isExplicit('export * from "./a.ts";'), false);
  assertEquals(
    isExplicit('export * as a from "./a.ts"; // export * from'),
    true,
  );
  assertEquals(isExplicit('export { a } from "./a.ts";'), true);
});

Deno.test("diffLines names what was added and taken away, by entry", () => {
  const before = new Map([["./a", names("a.ts", 2)], [
    "./b",
    names("b.ts", 1),
  ]]);
  const after = new Map([["./a", names("a.ts", 1)], ["./b", names("b.ts", 2)]]);
  assertEquals(diffLines(formatExports(before), formatExports(after)), [
    "- ./a: name1 (function)",
    "+ ./b: name1 (function)",
  ]);
});

Deno.test("readExports follows re-exports to where a name is declared", async () => {
  const entries = { "./e": "dev/checks/fixtures/reexports.ts" };
  assertEquals([...await readExports(entries, [])], [["./e", [
    { name: "first", kind: "variable", file: "dev/checks/fixtures/first.ts" },
    {
      name: "Renamed",
      kind: "typeAlias",
      file: "dev/checks/fixtures/second.ts",
    },
  ]]]);
});

Deno.test("exports.txt holds the names of the package", async () => {
  const { breaches, text } = await checkExports(await importFlags());
  assertEquals(breaches, []);
  assertEquals(diffLines(await readSnapshot(), text), []);
});
