import { assertEquals, assertStringIncludes } from "@std/assert";
import { pythonEnv } from "./python_env.ts";

const env = await pythonEnv();
const leftOut = "missing" in env ? ` (left out: ${env.missing})` : "";

/** Runs `fn` with a folder of its own. */
async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("pythonEnv says that there is no Python", () =>
  inFolder(async (folder) => {
    const names = ["no-such-python", "nor-such-a-python"];
    assertEquals(await pythonEnv({ folder, names }), {
      missing: "there is no 'no-such-python' or 'nor-such-a-python'",
    });
  }));

Deno.test({
  name: `pythonEnv makes the environment once${leftOut}`,
  ignore: leftOut !== "",
  fn: async () => {
    // Where there is one, no other Python is looked for.
    const again = [pythonEnv({ names: [] }), pythonEnv({ names: [] })];
    assertEquals(await Promise.all(again), [env, env]);
  },
});

Deno.test({
  name: `pythonEnv says that a package cannot be had, each time${leftOut}`,
  ignore: leftOut !== "",
  fn: () =>
    inFolder(async (folder) => {
      const requirements = `${folder}/requirements.txt`;
      await Deno.writeTextFile(requirements, `${folder}/no-such-package\n`);
      const failed = await pythonEnv({ folder, requirements });
      const missing = "missing" in failed ? failed.missing : "";
      assertStringIncludes(missing, "installing packages of Python failed");
      assertEquals(await pythonEnv({ folder, requirements, names: ["none"] }), {
        missing: "there is no 'none'",
      });
    }),
});
