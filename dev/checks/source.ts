/** A comment, or a literal inside which nothing is a comment. */
const COMMENT_OR_LITERAL =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/g;

/** Returns TypeScript code without its comments; line breaks stay. */
export function stripSource(source: string): string {
  return source.replace(
    COMMENT_OR_LITERAL,
    (it) => it.startsWith("/") ? it.replace(/[^\n]+/g, "") : it,
  );
}

/** Returns how many lines of `source` hold code. */
export function countLines(source: string): number {
  const lines = stripSource(source).split("\n");
  return lines.filter((line) => line.trim() !== "").length;
}
