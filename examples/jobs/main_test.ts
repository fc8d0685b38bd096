import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { testInterruptedDemo } from "../fixtures/interrupted_demo.ts";

const file = new URL("main.ts", import.meta.url);

testInterruptedDemo(
  "The job queue leaves nothing behind when it is ended",
  file,
  /server at (ipc:\S+),/,
);

Deno.test({
  name: "Each job ends once although processes of each kind are killed",
  // There a program that is asked to end hears nothing of it.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const demo = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...importMapFlags(), fileURLToPath(file)],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // It ends its own processes when it is asked to end.
    const timer = setTimeout(() => demo.kill("SIGTERM"), 14_000);
    const { code, stdout, stderr } = await demo.output();
    clearTimeout(timer);
    const [output, errors] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    assertEquals(code, 0, `${output}\n${errors}`);
    assertStringIncludes(output!, "jobs ended once");
    assertStringIncludes(output!, ", whose worker was killed, was given to ");
    assertStringIncludes(output!, "ada: all 8 jobs have ended as they should");
    // The cancellation of a job has reached the worker that had it.
    assert(/ puts ada-3 away, unfinished/.test(output!), output);
  },
});
