import { assert, assertEquals } from "@std/assert";
import { readDeno } from "../../dev/checks/_deno.ts";
import { readConfig } from "../../dev/checks/_project.ts";
import { importFlags } from "../../dev/checks/npm_std.ts";

/** The modules that only this part may load. */
const OWN = /opentelemetry|node:diagnostics_channel|\/telemetry\//;

Deno.test("no other entry loads anything of telemetry", async () => {
  const { exports } = await readConfig();
  const flags = await importFlags();
  const loading: string[] = [];
  for (const [entry, file] of Object.entries(exports)) {
    const info = JSON.parse(
      await readDeno(["info", "--json", ...flags, file]),
    ) as { modules: { specifier: string }[] };
    assert(info.modules.length > 1);
    const root = new URL("..", import.meta.url).href;
    const specifiers = info.modules.map(({ specifier }) =>
      specifier.startsWith(root)
        ? `/${specifier.slice(root.length)}`
        : specifier
    );
    if (specifiers.some((it) => OWN.test(it))) loading.push(entry);
  }
  assertEquals(loading, ["./telemetry"]);
});
