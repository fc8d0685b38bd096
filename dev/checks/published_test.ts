import { assert, assertEquals } from "@std/assert";
import { listFiles, ROOT } from "./_project.ts";

/** Returns the relative targets of the links and pictures in a guide. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

Deno.test("what README links to is there, and guides are published", async () => {
  const config = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  const excluded: string[] = config.publish.exclude;
  const folders = excluded.filter((it) => /^[^*]+\/$/.test(it));
  const files = new Set(await listFiles());
  const links = linksOf(await Deno.readTextFile(`${ROOT}/README.md`));
  assert(links.length > 5, "README has too few links");
  const missing = links.filter((target) =>
    !files.has(target) && !target.endsWith("/")
  );
  assertEquals(missing, []);
  const unpublished = links.filter((target) =>
    target.startsWith("docs/") &&
    folders.some((folder) => target.startsWith(folder))
  );
  assertEquals(unpublished, []);
});
