import { assert, assertEquals } from "@std/assert";
import { readDeno } from "../../../../dev/checks/_deno.ts";
import { importFlags } from "../../../../dev/checks/npm_std.ts";

const ROOT = new URL("../../../..", import.meta.url).href;

/** Returns all modules that are loaded with `file`. */
async function modulesOf(file: string): Promise<string[]> {
  const info = JSON.parse(
    await readDeno(["info", "--json", ...await importFlags(), file]),
  ) as { modules: { specifier: string }[] };
  assert(info.modules.length > 1);
  return info.modules.map(({ specifier }) => specifier);
}

Deno.test("the entry msgpack loads nothing from outside of the package", async () => {
  const modules = await modulesOf("channel/codecs/msgpack/fast/mod.ts");
  assertEquals(modules.filter((it) => !it.startsWith(ROOT)), []);
});

Deno.test("fastMsgpack needs no permissions", async () => {
  const program =
    `import { fastMsgpack } from "${ROOT}channel/codecs/msgpack/fast/mod.ts";
const codec = fastMsgpack();
codec.decode(codec.encode(["a", new Uint8Array(1_000_000)]));
console.log("done");`;
  const output = await readDeno([
    "run",
    "--no-prompt",
    `data:application/typescript,${encodeURIComponent(program)}`,
  ]);
  assertEquals(output, "done\n");
});
