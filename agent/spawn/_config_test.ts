import { assertEquals, assertNotEquals } from "@std/assert";
import { dirname, fromFileUrl, join, toFileUrl } from "@std/path";
import { findConfig } from "./_config.ts";

const pathFor = async (href: string) => (await findConfig([href])).path;

/** The configuration of this project, whose main module this is. */
const own = join(dirname(fromFileUrl(import.meta.url)), "../../deno.json");

Deno.test("findConfig looks beside a file, and above it", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    const file = toFileUrl(join(root, "a", "b", "c.ts")).href;
    await Deno.mkdir(join(root, "a", "b", "deno.json"), { recursive: true });
    // A folder of that name is not a configuration.
    const folder = join(root, "a", "b", "deno.json");
    assertNotEquals(await pathFor(file), folder);
    await Deno.writeTextFile(join(root, "deno.jsonc"), "{}");
    assertEquals(await pathFor(file), join(root, "deno.jsonc"));
    await Deno.writeTextFile(join(root, "a", "deno.json"), "{}");
    assertEquals(await pathFor(file), join(root, "a", "deno.json"));
    // The first module with a configuration decides.
    const remote = "https://example.com/a.ts";
    const { path } = await findConfig([remote, file]);
    assertEquals(path, join(root, "a", "deno.json"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("findConfig falls back to the main module of this process", async () => {
  for (const href of ["https://example.com/a.ts", "data:text/javascript,"]) {
    assertEquals(await pathFor(href), own);
  }
});

Deno.test({
  name: "findConfig tells which file it may not read",
  permissions: { read: false },
  fn: async () => {
    assertEquals(await findConfig([import.meta.url]), {
      path: null,
      denied: fromFileUrl(import.meta.resolve("./deno.json")),
    });
  },
});
