import { assertEquals, assertNotEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { nearestConfig } from "./_nearest_config.ts";

Deno.test("nearestConfig looks beside a file, and above it", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    const file = toFileUrl(join(root, "a", "b", "c.ts")).href;
    await Deno.mkdir(join(root, "a", "b", "deno.json"), { recursive: true });
    // A folder of that name is none.
    const folder = join(root, "a", "b", "deno.json");
    assertNotEquals(await nearestConfig(file), folder);
    await Deno.writeTextFile(join(root, "deno.jsonc"), "{}");
    assertEquals(await nearestConfig(file), join(root, "deno.jsonc"));
    await Deno.writeTextFile(join(root, "a", "deno.json"), "{}");
    assertEquals(await nearestConfig(file), join(root, "a", "deno.json"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test({
  name: "nearestConfig finds nothing where it may not look",
  permissions: { read: false },
  fn: async () => {
    assertEquals(await nearestConfig(import.meta.url), null);
    assertEquals(await nearestConfig("https://example.com/a.ts"), null);
  },
});
