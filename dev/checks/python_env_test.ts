import { assertEquals, assertStringIncludes } from "@std/assert";
import { testWithPython } from "./fixtures/test_with_python.ts";
import { pythonEnv } from "./python_env.ts";

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

testWithPython("pythonEnv makes the environment once", async (python) => {
  // Where there is one, no other Python is looked for.
  const again = [pythonEnv({ names: [] }), pythonEnv({ names: [] })];
  assertEquals(await Promise.all(again), [{ python }, { python }]);
});

testWithPython(
  "pythonEnv says that a package cannot be had, each time",
  () =>
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
);
