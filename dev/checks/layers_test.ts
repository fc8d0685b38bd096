import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readImportGraph } from "./graph.ts";
import { layerBreaches, readProductGraph } from "./layers.ts";
import { PARTS } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/** Asserts that `graph` breaks one rule, and that the report says so. */
function assertBreach(
  graph: Record<string, string[]>,
  ...texts: string[]
): void {
  const breaches = layerBreaches(new Map(Object.entries(graph)));
  assertEquals(breaches.length, 1, breaches.join("\n"));
  for (const text of texts) assertStringIncludes(breaches[0] ?? "", text);
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
      "transports/tcp.ts",
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

Deno.test("layerBreaches finds none in the package itself", async () => {
  const graph = await readProductGraph(await importFlags());
  assertEquals(graph.has("mod.ts"), true, "the graph lacks the root");
  assertEquals(layerBreaches(graph), []);
});
