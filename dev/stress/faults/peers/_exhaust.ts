import { rest } from "../../../shared/wait.ts";

/**
 * Prepares a process to run without descriptors: Deno sets up signal handling
 * some time after the start, and panics if it cannot.
 */
export function prepareForExhaustion(): void {
  Deno.addSignalListener("SIGUSR2", () => {});
}

/**
 * Opens as many files as this process may open, including descriptors that
 * become free, for `timeMs`. Calls `onBegun` once none are left.
 */
export async function exhaust(
  timeMs: number,
  onBegun: () => unknown,
): Promise<void> {
  const files: Deno.FsFile[] = [];
  const until = performance.now() + timeMs;
  const openAll = () => {
    try {
      for (;;) files.push(Deno.openSync("/dev/null"));
    } catch {
      // No descriptors are left.
    }
  };
  openAll();
  onBegun();
  while (performance.now() < until) {
    await rest(1);
    openAll();
  }
  for (const file of files) file.close();
}
