import { assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { demoOutput } from "../fixtures/demo_output.ts";
import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";

const file = new URL("main.ts", import.meta.url);

testInterruptedDemo(
  "The market leaves nothing behind when it is ended",
  file,
  /valley: a worker at (ipc:\S+)/,
);

Deno.test("The market comes out right although a process is killed", async () => {
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "market.svg");
  const output = await demoOutput(file, picture);
  assertStringIncludes(output, "is as a plain computation says");
  assertStringIncludes(output, "killed at 12:30");
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
});
