import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { testWithPython } from "../../dev/checks/fixtures/test_with_python.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";

testWithPython("The mosaik demo gets the same as plain Python", async () => {
  const file = fileURLToPath(new URL("main.ts", import.meta.url));
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "park.svg");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...importMapFlags(), file, picture],
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertStringIncludes(output, "Plain Python has the same, to the watt");
  assertEquals(code, 0);
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
});
