/**
 * Keeps each process on a core of its own. Left to the system, a client and
 * its server share a core in one run and not in the next, which makes a call
 * three times as long, and a connection differ from itself by as much.
 */

/** The cores, of which the first is the client's and the second the servers'. */
const CLIENT_CORE = 0;
const SERVER_CORE = 1;

/** Where Linux keeps the tool for it; other systems have none. */
const TASKSET = "taskset";

/** Keeps this process on its core; tells whether that could be done. */
export async function pinClient(): Promise<boolean> {
  if (Deno.build.os !== "linux" || navigator.hardwareConcurrency < 2) {
    return false;
  }
  const args = ["-a", "-c", "-p", String(CLIENT_CORE), String(Deno.pid)];
  try {
    const { success } = await new Deno.Command(TASKSET, {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The command that runs `args` of Deno, on the servers' core if so wanted. */
export function denoCommand(
  args: readonly string[],
  isPinned: boolean,
): [program: string, args: string[]] {
  return isPinned
    ? [TASKSET, ["-c", String(SERVER_CORE), Deno.execPath(), ...args]]
    : [Deno.execPath(), [...args]];
}
