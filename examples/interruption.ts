/** Calls `then` when this process is asked to end, by Ctrl+C for example. */
export function onInterruption(then: () => void): void {
  Deno.addSignalListener("SIGINT", then);
  // Windows knows no other that could be listened for.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", then);
}
