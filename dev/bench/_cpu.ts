import process from "node:process";

/**
 * Returns the CPU time, in µs, of all threads of this process and of its child
 * processes. Child processes are included only on Linux.
 */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return descendants(String(Deno.pid)).reduce(
    (sum, pid) => sum + cpuUsOf(pid),
    user + system,
  );
}

/**
 * Returns how long the main thread of this process waited for a core, in µs; 0
 * if the system does not report it. Only Linux does.
 */
export function waitedUs(): number {
  return Number(read("/proc/self/schedstat").split(" ")[1] ?? 0) / 1_000;
}

function descendants(pid: string): string[] {
  return entries(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean)
  ).flatMap((child) => [child, ...descendants(child)]);
}

/** Reads the first field of `schedstat`: the time on a core, in ns. */
function cpuUsOf(pid: string): number {
  return entries(`/proc/${pid}/task`)
    .map((task) => read(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0])
    .reduce((sum, ns) => sum + Number(ns) / 1_000, 0);
}

function entries(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    // The system is not Linux, or the process has just ended.
    return [];
  }
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return "";
  }
}
