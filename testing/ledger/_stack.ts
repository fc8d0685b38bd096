const MAX_FRAMES = 50;

/** Parts of the stack frames of Deno and of the test helper itself. */
const MACHINERY = [
  "(ext:",
  "(<anonymous>)",
  import.meta.resolve("./_"),
  import.meta.resolve("../step/"),
  import.meta.resolve("../network/_"),
  import.meta.resolve("../ctx.ts"),
  import.meta.resolve("../../channel/timers/_waits.ts"),
  import.meta.resolve("../../transports/_observers.ts"),
];

/** Returns the stack, a line each frame: of the test, and what it calls. */
export function stackNow(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const frames = new Error().stack?.split("\n").slice(1) ?? [];
  Error.stackTraceLimit = limit;
  return frames
    .filter((line) => !MACHINERY.some((it) => line.includes(it)))
    .join("\n");
}
