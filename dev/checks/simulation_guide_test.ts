import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { importMapFlags } from "./import_map_flags.ts";
import { ROOT } from "./_project.ts";

Deno.test("The guide to simulations has a bug that is found, and gone where it is mended", async () => {
  const text = await Deno.readTextFile(`${ROOT}/docs/simulation.md`);
  const [, mended = ""] = /^```ts\n(.*?)^```$/ms.exec(text) ?? [];
  const broken = mended.replace("askedAt + LEASE_MS", "Date.now() + LEASE_MS");
  assert(broken !== mended);
  const folder = await Deno.makeTempDir();
  try {
    const run = async (code: string) => {
      const file = `${folder}/lock_test.ts`;
      await Deno.writeTextFile(file, code);
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["test", "-A", "--no-check", ...importMapFlags()],
          ...[`--config=${ROOT}/deno.json`, file],
        ],
        cwd: ROOT,
        env: { NO_COLOR: "1", DENOMAS_TIMELINES: folder },
      }).output();
      return new TextDecoder().decode(stdout);
    };
    const output = await run(broken);
    assertStringIncludes(output, "a lock goes to the first who asks ... ok");
    const failure = /Seed \d+ fails .* 'at most one client holds the lock'/;
    assert(failure.test(output), output);
    const faults = /^again: DENOMAS_SEED=\d+ DENOMAS_FAULTS='([^']*)'$/m
      .exec(output)?.[1];
    assertEquals(faults?.split(",").length, 1, output);
    assertStringIncludes(await run(mended), "ok | 2 passed | 0 failed");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
