import { runDeno } from "./_deno.ts";
import { ROOT } from "./_project.ts";

const END = "<!-- end of what is written -->";

function beginOf(task: string): string {
  return `<!-- written by deno task ${task} -->`;
}

/**
 * Returns the section of a guide that `task` writes, between
 * `<!-- written by deno task TASK -->` and `<!-- end of what is written -->`.
 *
 * @throws {Error} If the guide has no such section.
 */
export function readSection(guide: string, task: string): string {
  const [from, to] = placeOf(guide, task);
  return guide.slice(from, to).trim();
}

/** Returns a guide with new content in the section that `task` writes. */
export function replaceSection(
  guide: string,
  task: string,
  content: string,
): string {
  const [from, to] = placeOf(guide, task);
  return `${guide.slice(0, from)}\n\n${content}\n\n${guide.slice(to)}`;
}

function placeOf(guide: string, task: string): [from: number, to: number] {
  const begin = beginOf(task);
  const at = guide.indexOf(begin);
  const to = guide.indexOf(END, at);
  if (at === -1 || to === -1) {
    throw new Error(
      `Finding the section: no '${begin}' with an '${END}' in the guide`,
    );
  }
  return [at + begin.length, to];
}

/** Writes the section of `task` in a file of `docs/`, and formats the file. */
export async function writeSection(
  file: string,
  task: string,
  content: string,
): Promise<void> {
  const path = `${ROOT}/docs/${file}`;
  const guide = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, replaceSection(guide, task, content));
  await runDeno(["fmt", "--quiet", path]);
}
