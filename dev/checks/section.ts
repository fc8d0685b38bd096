const END = "<!-- end of what is written -->";

/**
 * A guide with `content` in the section that `task` writes: between
 * `<!-- written by deno task TASK -->` and `<!-- end of what is written -->`.
 *
 * @throws {Error} If it has no such section.
 */
export function replaceSection(
  guide: string,
  task: string,
  content: string,
): string {
  const begin = `<!-- written by deno task ${task} -->`;
  const from = guide.indexOf(begin);
  const to = guide.indexOf(END, from);
  if (from === -1 || to === -1) {
    throw new Error(
      `Writing the figures: no section between '${begin}' and '${END}'`,
    );
  }
  return `${guide.slice(0, from)}${begin}\n\n${content}\n\n${guide.slice(to)}`;
}
