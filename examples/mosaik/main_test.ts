import { assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { testWithPython } from "../../dev/checks/fixtures/test_with_python.ts";
import { demoOutput } from "../fixtures/demo_output.ts";

testWithPython("The mosaik demo gets the same as plain Python", async () => {
  const file = new URL("main.ts", import.meta.url);
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "park.svg");
  const output = await demoOutput(file, picture);
  assertStringIncludes(output, "Plain Python has the same, to the watt");
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
});
