import { rest } from "../../../shared/wait.ts";

/**
 * Lets a process do without descriptors later on: Deno sets up signals a while
 * after the start, and panics if it cannot.
 */
export function prepareForExhaustion(): void {
  Deno.addSignalListener("SIGUSR2", () => {});
}

/**
 * Opens all files that this process may open, also those that get free, for
 * `timeMs`. `onBegun` is called once there are none left.
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
      // There are none left.
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
