import { assert, assertEquals } from "@std/assert";
import { isGuide, listFiles, ROOT } from "./_project.ts";

/** Returns the relative targets of the links and pictures in a guide. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

Deno.test("README links to all guides and to what is there, and guides are published", async () => {
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
  const guides = [...files].filter(isGuide);
  const unlinked = guides.filter((file) =>
    !["README.md", ...links].includes(file)
  );
  assertEquals(unlinked, []);
  const unpublished = links.filter((target) =>
    target.startsWith("docs/") &&
    folders.some((folder) => target.startsWith(folder))
  );
  assertEquals(unpublished, []);
});

/** Returns the anchors of the headings of a guide. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replace(/^```.*?^```$/gms, "");
  return new Set(
    [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-")
    ),
  );
}

Deno.test("links of guides lead to files and headings that exist", async () => {
  const files = new Set(await listFiles());
  const guides = new Map<string, string>();
  for (const file of files) {
    if (!file.endsWith(".md")) continue;
    guides.set(`/${file}`, await Deno.readTextFile(`${ROOT}/${file}`));
  }
  const anchors = new Map(
    [...guides].map(([file, text]) => [file, anchorsOf(text)]),
  );
  const broken: string[] = [];
  for (const [file, text] of guides) {
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]*#[^)\s]+)\)/g)) {
      const { pathname, hash } = new URL(link, `file://${file}`);
      const there = anchors.get(pathname);
      if (there?.has(hash.slice(1)) === false) broken.push(`${file}: ${link}`);
    }
    for (const link of linksOf(text)) {
      const path = new URL(link, `file://${file}`).pathname.slice(1);
      if (!files.has(path) && !path.endsWith("/")) {
        broken.push(`${file}: ${link}`);
      }
    }
  }
  assertEquals(broken, []);
});
