const MAX_FRAMES = 50;

/** Parts of the stack frames of Deno and of the test helper itself. */
const MACHINERY = [
  "(ext:",
  "(<anonymous>)",
  import.meta.resolve("./_"),
  import.meta.resolve("../step/_"),
  import.meta.resolve("../network/_"),
  import.meta.resolve("../ctx.ts"),
  import.meta.resolve("../../channel/timers/_waits.ts"),
  import.meta.resolve("../../transports/_observers.ts"),
];

/**
 * Returns the stack frames above the caller of `above`, a line each: those of
 * the test, and of the package that it calls.
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
