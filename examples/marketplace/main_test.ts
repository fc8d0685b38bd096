import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { demoOutput } from "../fixtures/demo_output.ts";
import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";

const file = new URL("main.ts", import.meta.url);

testInterruptedDemo(
  "The market leaves nothing behind when it is ended",
  file,
  /valley: worker at (ipc:\S+)/,
);

/**
 * Runs the demo; returns its report of each site, without the site's location.
 */
async function sitesOf(...where: string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  const picture = join(folder, "market.svg");
  const output = await demoOutput(file, picture, ...where);
  assertStringIncludes(output, "is as a plain computation says");
  assertStringIncludes(await Deno.readTextFile(picture), "</svg>");
  await Deno.remove(folder, { recursive: true });
  return [...output.matchAll(/^ {2}(\w+) +\w+, \w+ +(\d.*)$/gm)]
    .map(([, name, figures]) => `${name} ${figures}`);
}

Deno.test("The market comes out the same in one process and in four, of which one is killed", async () => {
  const sites = await sitesOf();
  assertMatch(sites[1]!, /^hills .*killed at 12:30$/);
  assertEquals(sites.length, 3);
  assertEquals(await sitesOf("here"), sites);
});
