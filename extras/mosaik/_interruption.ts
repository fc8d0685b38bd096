/** By which a process is asked to end; Windows has only the first. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** A signal that aborts when the process is asked to end. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Returns a signal that aborts when the process is asked to end, or when one of
 * `others` does. Once it is disposed of, the process ends as usual again.
 */
export function onInterrupt(...others: AbortSignal[]): Interruption {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  return {
    signal: AbortSignal.any([controller.signal, ...others]),
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, interrupt);
    },
  };
}
