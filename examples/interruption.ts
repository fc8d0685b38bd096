/** Calls `then` when this process is asked to end, for example by Ctrl+C. */
export function onInterruption(then: () => void): void {
  Deno.addSignalListener("SIGINT", then);
  // On Windows, SIGTERM cannot be listened for.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", then);
}
