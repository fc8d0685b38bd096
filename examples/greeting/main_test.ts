import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConnectError, openConnection } from "@denomas/denomas/channel";
import { fileURLToPath } from "node:url";
import { importFlags } from "../import_flags.ts";

Deno.test({
  name: "The demo leaves nothing behind when it is ended",
  // There a program that is ended hears nothing of it and cannot clean up.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const demo = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        ...importFlags(),
        fileURLToPath(new URL("main.ts", import.meta.url)),
      ],
      env: { TMPDIR: folder },
      stdout: "piped",
    }).spawn();

    let output = "";
    let address: string | undefined;
    for await (
      const text of demo.stdout.pipeThrough(new TextDecoderStream())
    ) {
      output += text;
      if (address !== undefined) continue;
      address = /server at (tcp:\S+),/.exec(output)?.[1];
      if (address !== undefined) demo.kill("SIGTERM");
    }
    const { code } = await demo.status;

    assertStringIncludes(output, "The demo was interrupted");
    assertEquals(code, 1);
    await assertRejects(() => openConnection(address!), ConnectError);
    await Deno.remove(folder); // fails unless it is empty
  },
});
