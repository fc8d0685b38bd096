import { assertEquals, assertStringIncludes } from "@std/assert";
import { natsProgram } from "../../extras/nats/fixtures/server.ts";
import { demoOutput } from "../fixtures/demo_output.ts";

const file = (name: string) => new URL(name, import.meta.url);

Deno.test({
  name: "No bid is lost although houses are killed and drained",
  ignore: Deno.build.os === "windows", // it has no SIGTERM
  fn: async () => {
    const picture = await Deno.makeTempFile({ suffix: ".svg" });
    const output = await demoOutput(file("main.ts"), picture, "6");
    assertStringIncludes(output, "No bid was lost");
    assertStringIncludes(await Deno.readTextFile(picture), "dam is killed");
    await Deno.remove(picture);
  },
});

Deno.test("A day is the same in one process, in several, and on NATS", async () => {
  const here = await demoOutput(file("day.ts"));
  assertEquals(here.trim().split("\n").length, 6);
  const hasNats = natsProgram(2, 11) !== undefined;
  for (const engine of ["processes", ...hasNats ? ["nats"] : []]) {
    assertEquals(await demoOutput(file("day.ts"), engine), here);
  }
});
