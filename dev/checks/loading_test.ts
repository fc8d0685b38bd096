import { assertEquals } from "@std/assert";
import { readDeno } from "./_deno.ts";
import { readConfig, ROOT } from "./_project.ts";
import { importFlags } from "./npm_std.ts";

/** Entries that import packages, or Node modules by name. */
const OTHERS: readonly string[] = [
  "./mosaik",
  "./nats",
  "./node",
  "./telemetry",
  "./testing",
];

Deno.test("the entries load no part of Node before it is used", async () => {
  const { exports } = await readConfig();
  const modules = Object.entries(exports)
    .filter(([entry]) => !OTHERS.includes(entry))
    .map(([, file]) => `${ROOT}${file}`);
  const program = new URL(
    "fixtures/report_node_globals.ts",
    import.meta.url,
  );
  const report = await readDeno([
    ...["run", "-A", ...await importFlags(), program.href, ...modules],
  ]);
  assertEquals(report, "");
});
