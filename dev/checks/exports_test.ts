import { assertEquals } from "@std/assert";
import { listFiles, readConfig } from "./_project.ts";
import {
  entryBreaches,
  exportBreaches,
  type ExportTable,
  readExports,
} from "./exports.ts";
import { isProduct, PARTS } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

const table: ExportTable = new Map([
  ["channel/mod.ts", [
    { name: "open", locations: ["channel/open.ts:3:0"] },
    { name: "Renamed", locations: ["channel/server.ts:9:0"] },
  ]],
  ["channel/open.ts", [
    { name: "open", locations: ["channel/open.ts:3:0"] },
    { name: "forgotten", locations: ["channel/open.ts:7:0"] },
    { name: "Borrowed", locations: ["transports/errors.ts:1:0"] },
  ]],
  ["channel/server.ts", [
    { name: "Server", locations: ["channel/server.ts:9:0"] },
  ]],
  ["channel/_private.ts", [
    { name: "helper", locations: ["channel/_private.ts:1:0"] },
  ]],
]);

Deno.test("exportBreaches names what a mod.ts lacks, and only that", () => {
  assertEquals(exportBreaches(table, PARTS, {}), [
    "'channel/mod.ts' lacks 'forgotten' of 'channel/open.ts'",
  ]);
});

Deno.test("exportBreaches finds all lacking where there is no mod.ts", () => {
  const server = table.get("channel/server.ts") ?? [];
  const alone: ExportTable = new Map([["channel/server.ts", server]]);
  assertEquals(exportBreaches(alone, PARTS, {}), [
    "'channel/mod.ts' lacks 'Server' of 'channel/server.ts'",
  ]);
});

Deno.test("exportBreaches accepts what is listed by name or by file", () => {
  const rows = [{ "channel/open.ts#forgotten": "why" }, {
    "channel/open.ts": "why",
  }];
  for (const row of rows) assertEquals(exportBreaches(table, PARTS, row), []);
});

Deno.test("exportBreaches names a row that keeps nothing back", () => {
  const internal = {
    "channel/open.ts#forgotten": "why",
    "channel/gone.ts": "why",
  };
  assertEquals(exportBreaches(table, PARTS, internal), [
    "'channel/gone.ts' is listed as internal, but keeps nothing back",
  ]);
});

Deno.test("entryBreaches names parts with files and no entry", () => {
  const files = ["channel/open.ts", "rpc/client.ts"];
  assertEquals(entryBreaches(files, ["./channel/mod.ts"]), [
    "'deno.json' has no entry for 'rpc/mod.ts' (rpc)",
  ]);
});

Deno.test("readExports follows re-exports to where a name is declared", async () => {
  const file = "dev/checks/fixtures/reexports.ts";
  const expected = [
    ["first", ["dev/checks/fixtures/first.ts"]],
    ["Renamed", ["dev/checks/fixtures/second.ts"]],
  ];
  const originals = [
    "dev/checks/fixtures/first.ts",
    "dev/checks/fixtures/second.ts",
  ];
  // Deno tells the two cases in different forms.
  for (const files of [[file], [file, ...originals]]) {
    const read = await readExports(files, []);
    assertEquals(
      read.get(file)?.map(({ name, locations }) => [
        name,
        locations.map((it) => it.slice(0, it.indexOf(":"))),
      ]),
      expected,
    );
  }
});

Deno.test("exportBreaches and entryBreaches find none in the package itself", async () => {
  const files = (await listFiles()).filter(isProduct);
  const read = await readExports(files, await importFlags());
  assertEquals(read.has("mod.ts"), true, "the table lacks the root");
  assertEquals(exportBreaches(read), []);
  const { exports } = await readConfig();
  assertEquals(entryBreaches(files, Object.values(exports)), []);
});
