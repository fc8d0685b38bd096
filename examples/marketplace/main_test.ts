import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";

const file = new URL("main.ts", import.meta.url);

testInterruptedDemo(
  "The market leaves nothing behind when it is ended",
  file,
  /valley: a worker at (ipc:\S+)/,
);

Deno.test("The market comes out right although a process is killed", async () => {
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "market.svg");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...importMapFlags(), fileURLToPath(file), picture],
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertStringIncludes(output, "is as a plain computation says");
  assertStringIncludes(output, "killed at 12:30");
  assertEquals(code, 0);
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
});
