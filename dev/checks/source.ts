/** Matches a comment, or a literal, in which nothing is a comment. */
const COMMENT_OR_LITERAL =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/g;

/** Returns TypeScript code without its comments; line breaks are kept. */
export function stripSource(source: string): string {
  return source.replace(
    COMMENT_OR_LITERAL,
    (it) => it.startsWith("/") ? it.replace(/[^\n]+/g, "") : it,
  );
}

/** Returns the number of lines of `source` that contain code. */
export function countLines(source: string): number {
  const lines = stripSource(source).split("\n");
  return lines.filter((line) => line.trim() !== "").length;
}
