import { ROOT } from "./_project.ts";

/** The signals that end a program. On Windows a process can only be killed. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? []
  : ["SIGINT", "SIGTERM"];

/**
 * Runs the same Deno as this process with `args` in the project's folder, with
 * this process's standard streams, and returns its exit code. Signals are
 * passed on, so that a long-running program does not outlive this process. When
 * `signal` aborts, the program is ended.
 */
export async function runDeno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { ...env },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    ...signal && { signal },
  }).spawn();
  const listeners = SIGNALS.map((signal) => {
    const listener = () => child.kill(signal);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  const { code } = await child.status;
  for (const remove of listeners) remove();
  return code;
}

/**
 * Runs Deno with `args` in the project's folder and returns its output.
 *
 * @throws {Error} If it fails; the message contains its standard error.
 */
export async function readDeno(args: readonly string[]): Promise<string> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    throw new Error(
      `Running 'deno ${args.join(" ")}': exit code ${output.code}, wanted 0\n` +
        decoder.decode(output.stderr),
    );
  }
  return decoder.decode(output.stdout);
}
