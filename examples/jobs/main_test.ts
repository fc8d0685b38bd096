import { assertStringIncludes } from "@std/assert";
import { demoOutput } from "../fixtures/demo_output.ts";
import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";

const file = new URL("main.ts", import.meta.url);

testInterruptedDemo(
  "The job queue leaves nothing behind when it is ended",
  file,
  /server at (ipc:\S+),/,
);

Deno.test({
  name: "Each job ends once although processes of each kind are killed",
  ignore: Deno.build.os === "windows", // it has no SIGTERM
  fn: async () => {
    const output = await demoOutput(file);
    assertStringIncludes(output, "jobs ended once");
    assertStringIncludes(output, ", whose worker was killed, has another");
    // The cancellation of a job has reached its worker.
    assertStringIncludes(output, " puts ada-3 away, unfinished");
  },
});
