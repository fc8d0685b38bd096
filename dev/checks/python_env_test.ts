import { assertEquals } from "@std/assert";
import { testWithPython } from "./fixtures/test_with_python.ts";
import { pythonEnv } from "./python_env.ts";

/** Runs `fn` with a separate folder. */
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
  // If the environment exists, no other Python is searched for.
  const again = [pythonEnv({ names: [] }), pythonEnv({ names: [] })];
  assertEquals(await Promise.all(again), [{ python }, { python }]);
});

/** A program that creates environments like Python, but has no packages. */
const WITHOUT_PACKAGES = `#!/bin/sh
case "$2" in
  venv) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  pip) echo "no such package" >&2; exit 1 ;;
esac
`;

Deno.test({
  name: "pythonEnv says that a package cannot be had, each time",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const python = `${folder}/python`;
      await Deno.writeTextFile(python, WITHOUT_PACKAGES, { mode: 0o755 });
      for (let time = 0; time < 2; time++) {
        assertEquals(await pythonEnv({ folder, names: [python] }), {
          missing: "installing packages of Python failed: no such package",
        });
      }
      assertEquals(await pythonEnv({ folder, names: ["none"] }), {
        missing: "there is no 'none'",
      });
    }),
});
