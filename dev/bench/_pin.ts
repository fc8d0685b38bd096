/**
 * Pins each process to a core. Otherwise the system may run a client and its
 * server on one core in one run but not in the next: a call then takes three
 * times as long, and two measurements of the same connection differ by as much.
 */

/** The core of the clients. */
export const CLIENT_CORE = 0;
/** The core of the servers. */
export const SERVER_CORE = 1;

/** Returns whether processes can be pinned, which requires Linux. */
export async function canPin(): Promise<boolean> {
  if (Deno.build.os !== "linux" || navigator.hardwareConcurrency < 2) {
    return false;
  }
  try {
    const { success } = await new Deno.Command("taskset", {
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

/** Returns the command that runs `command` on one core. */
export function onCore(core: number, command: readonly string[]): string[] {
  return ["taskset", "-c", String(core), ...command];
}
