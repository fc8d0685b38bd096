import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readImportGraph } from "./graph.ts";
import {
  checkPackage,
  fixtureBreaches,
  hostBreaches,
  layerBreaches,
  type Rule,
} from "./layers.ts";
import { PARTS } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/** Asserts that `graph` breaks one rule, and that the report says so. */
function assertBreach(
  graph: Record<string, string[]>,
  ...texts: string[]
): void {
  const breaches = layerBreaches(new Map(Object.entries(graph)));
  const sentences = breaches.map(({ sentence }) => sentence);
  assertEquals(sentences.length, 1, sentences.join("\n"));
  for (const text of texts) assertStringIncludes(sentences[0] ?? "", text);
}

/** Asserts that `graph` breaks these rules. */
function assertRules(graph: Record<string, string[]>, ...rules: Rule[]): void {
  const breaches = layerBreaches(new Map(Object.entries(graph)));
  assertEquals(breaches.map(({ rule }) => rule), rules);
}

Deno.test("layerBreaches accepts imports downwards and within a layer", () => {
  const graph = new Map([
    ["mod.ts", ["agent/mod.ts", "channel/mod.ts", "rpc/expose.ts"]],
    ["agent/mod.ts", ["agent/agent.ts"]],
    ["agent/agent.ts", ["rpc/client.ts", "transports/errors.ts"]],
    ["rpc/client.ts", ["channel/channel.ts", "rpc/expose.ts"]],
    ["rpc/expose.ts", []],
    ["channel/mod.ts", ["channel/channel.ts", "channel/codecs/json/json.ts"]],
    ["channel/channel.ts", [
      "channel/codecs/json/json.ts",
      "transports/memory.ts",
    ]],
    ["channel/codecs/json/json.ts", []],
    ["transports/tcp.ts", ["transports/errors.ts"]],
    ["transports/errors.ts", []],
    ["testing/ctx.ts", ["agent/agent.ts", "transports/tcp.ts"]],
  ]);
  assertEquals(layerBreaches(graph), []);
});

Deno.test("layerBreaches refuses an import upwards", () => {
  assertBreach(
    { "transports/tcp.ts": ["channel/errors.ts"] },
    "'transports/tcp.ts' imports 'channel/errors.ts'",
    "transports may import no other part",
  );
  assertBreach(
    { "channel/channel.ts": ["rpc/client.ts"] },
    "channel may import transports",
  );
  assertBreach(
    { "rpc/client.ts": ["agent/agent.ts"] },
    "rpc may import channel, transports",
  );
});

Deno.test("layerBreaches refuses an import of testing by any part", () => {
  for (const file of ["transports/a.ts", "agent/a.ts", "mod.ts"]) {
    assertBreach({ [file]: ["testing/ctx.ts"] }, "imports 'testing/ctx.ts'");
  }
});

Deno.test("layerBreaches refuses an import of a mod.ts other than by the root", () => {
  const text = "import the file that owns the name";
  assertBreach({ "channel/channel.ts": ["channel/mod.ts"] }, text);
  assertBreach({ "channel/channel.ts": ["transports/mod.ts"] }, text);
  assertBreach({ "testing/ctx.ts": ["rpc/mod.ts"] }, text);
  assertBreach({ "agent/agent.ts": ["mod.ts"] }, "agent may import");
});

Deno.test("layerBreaches refuses an import of what is not published", () => {
  const targets = [
    "dev/checks/run.ts",
    "dev/bench/main.ts",
    "examples/greeting/main.ts",
    "channel/channel_test.ts",
    "channel/channel_bench.ts",
    "channel/fixtures/a.ts",
  ];
  for (const target of targets) {
    assertBreach(
      { "channel/channel.ts": [target] },
      target,
      "not part of the package",
    );
  }
});

Deno.test("layerBreaches refuses a file outside all parts", () => {
  assertBreach({ "stray.ts": [] }, "'stray.ts' belongs to no part");
});

Deno.test("layerBreaches refuses a cycle and names its files", () => {
  assertBreach(
    {
      "rpc/start.ts": ["rpc/a.ts"],
      "rpc/a.ts": ["rpc/b.ts"],
      "rpc/b.ts": ["rpc/leaf.ts", "rpc/c.ts"],
      "rpc/c.ts": ["rpc/a.ts"],
      "rpc/leaf.ts": [],
    },
    "'rpc/a.ts' → 'rpc/b.ts' → 'rpc/c.ts' → 'rpc/a.ts'",
  );
  assertBreach({ "rpc/a.ts": ["rpc/a.ts"] }, "'rpc/a.ts' → 'rpc/a.ts'");
});

Deno.test("layerBreaches takes an optional part inside a layer's folder", () => {
  const fast = "channel/codecs/fast.ts";
  const parts = [...PARTS, {
    name: "fast",
    path: fast,
    mayImport: ["channel"],
  }];
  const allowed = new Map([[fast, ["channel/codecs/codec.ts"]]]);
  assertEquals(layerBreaches(allowed, parts), []);
  const refused = new Map([["channel/channel.ts", [fast]]]);
  assertEquals(layerBreaches(refused, parts).length, 1);
});

Deno.test("readImportGraph sees imports of values, of types and at run time", async () => {
  const file = "dev/checks/fixtures/imports_every_way.ts";
  const graph = await readImportGraph([file], []);
  assertEquals(graph.get(file)?.toSorted(), [
    "dev/checks/fixtures/first.ts",
    "dev/checks/fixtures/second.ts",
    "dev/checks/fixtures/third.ts",
  ]);
  assertEquals(graph.size, 4);
});

Deno.test("readImportGraph rejects where a file is missing", async () => {
  await assertRejects(
    () => readImportGraph(["dev/checks/fixtures/no_such_file.ts"], []),
    Error,
    "no_such_file.ts",
  );
});

Deno.test("layerBreaches refuses a private file of another layer", () => {
  assertRules({ "agent/links/_link.ts": ["rpc/_call_content.ts"] }, "private");
  assertRules({ "testing/ctx.ts": ["rpc/session/_peer.ts"] }, "private");
  assertRules({ "rpc/client.ts": ["channel/timers/_alarm.ts"] }, "private");
  assertRules({ "agent/directory/client.ts": ["agent/_registry.ts"] });
  assertRules({ "rpc/reconnect/_link.ts": ["rpc/session/_peer.ts"] });
  assertRules({ "rpc/client.ts": ["channel/internal.ts"] });
});

Deno.test("layerBreaches refuses a mod.ts that imports internals", () => {
  assertRules({ "channel/mod.ts": ["channel/internal.ts"] }, "private");
});

Deno.test("layerBreaches refuses folders that import each other", () => {
  assertRules({
    "rpc/streams/a.ts": ["rpc/references/a.ts"],
    "rpc/references/b.ts": ["rpc/streams/b.ts"],
  }, "folders");
  assertRules({
    "rpc/streams/a.ts": ["rpc/client.ts"],
    "rpc/server.ts": ["rpc/streams/a.ts"],
  });
});

Deno.test("layerBreaches refuses a host's file in the neutral core", () => {
  assertRules({ "channel/open.ts": ["transports/tcp.ts"] }, "neutral");
  assertRules({ "channel/deno.ts": ["transports/tcp.ts"] });
});

Deno.test("hostBreaches finds what browsers or Node lack", () => {
  const uses = [
    "Deno.inspect(1);",
    'import tls from "node:tls";',
    "using file = open();",
    "await using file = open();",
    "setImmediate(run);",
  ];
  for (const use of uses) {
    assertEquals(hostBreaches("rpc/client.ts", use).length, 1, use);
    assertEquals(hostBreaches("transports/tcp.ts", use), []);
    assertEquals(hostBreaches("agent/agent.ts", use), []);
  }
  const comments = "// Deno\n/* using x = 1 */ world.setImmediate();";
  assertEquals(hostBreaches("rpc/client.ts", comments), []);
});

Deno.test("checkPackage refuses nothing in the package itself", async () => {
  const { files, breaches } = await checkPackage(await importFlags());
  assertEquals(files > 200, true, "files are missing");
  assertEquals(breaches, []);
});

Deno.test("fixtureBreaches refuses private files of another layer only", () => {
  const source = (path: string) => `import { it } from "${path}";`;
  const file = "channel/fixtures/peer.ts";
  for (const path of ["../_context.ts", "../../testing/ctx.ts"]) {
    assertEquals(fixtureBreaches(file, source(path)), []);
  }
  const breaches = fixtureBreaches(file, source("../../rpc/session/_hello.ts"));
  assertEquals(breaches.map(({ rule }) => rule), ["private"]);
  assertStringIncludes(breaches[0]!.sentence, "'rpc/session/_hello.ts'");
});
