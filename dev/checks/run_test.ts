import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test({
  name: "run.ts ends its program when it is ended",
  ignore: Deno.build.os === "windows",
  timeout: 60_000,
  fn: async () => {
    const path = (file: string) =>
      fileURLToPath(new URL(file, import.meta.url));
    const run = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", path("run.ts"), path("fixtures/endless.ts")],
      stdout: "piped",
    }).spawn();
    let output = "";
    // The stream ends only when no process holds it any more.
    for await (const text of run.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      run.kill("SIGTERM");
    }
    assertEquals(output, "begun\n");
    assertEquals((await run.status).success, false);
  },
});
