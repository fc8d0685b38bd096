const MAX_FRAMES = 50;

/** What tells frames of Deno and of this helper from those of the test. */
const MACHINERY = [
  "(ext:",
  "(<anonymous>)",
  import.meta.resolve("./_"),
  import.meta.resolve("../step/_"),
  import.meta.resolve("../network/_"),
  import.meta.resolve("../ctx.ts"),
  import.meta.resolve("../../transports/_observers.ts"),
];

/**
 * The frames that lead to the caller of `above`, a line each: the test's and
 * those of the package below it.
 */
export function stackAbove(above: (...args: never[]) => unknown): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const trace = { stack: "" };
  Error.captureStackTrace(trace, above);
  const frames = trace.stack.split("\n").slice(1);
  Error.stackTraceLimit = limit;
  return frames
    .filter((line) => !MACHINERY.some((it) => line.includes(it)))
    .join("\n");
}
