/**
 * Keeps each process on a core of its own. Left to the system, a client and
 * its server share a core in one run and not in the next, which makes a call
 * three times as long, and a connection differ from itself by as much.
 */

/** The core of the clients, or of the servers. */
export type Core = 0 | 1;

/** Where the clients run. */
export const CLIENT_CORE: Core = 0;
/** Where the servers run. */
export const SERVER_CORE: Core = 1;

/** Where Linux keeps the tool for it; other systems have none. */
const TASKSET = "taskset";

/** Whether processes can be kept on cores here. */
export async function canPin(): Promise<boolean> {
  if (Deno.build.os !== "linux" || navigator.hardwareConcurrency < 2) {
    return false;
  }
  try {
    const { success } = await new Deno.Command(TASKSET, {
      args: ["-c", `${CLIENT_CORE},${SERVER_CORE}`, "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Where and how to run a command. */
export interface CommandOptions {
  /** The core; `null` for any. */
  readonly core: Core | null;
  /** How many files it may have open; `null` for what is usual. */
  readonly maxFiles?: number | null;
}

/** The command that runs `args` of Deno. */
export function denoCommand(
  args: readonly string[],
  { core, maxFiles = null }: CommandOptions,
): [program: string, args: string[]] {
  const command = [
    ...(core === null ? [] : [TASKSET, "-c", String(core)]),
    Deno.execPath(),
    ...args,
  ];
  // Windows has no such limit.
  if (maxFiles === null || Deno.build.os === "windows") {
    return [command[0]!, command.slice(1)];
  }
  // `exec` keeps the process's id, by which it is ended.
  const script = `ulimit -S -n ${maxFiles}; exec "$@"`;
  return ["sh", ["-c", script, "sh", ...command]];
}
