import process from "node:process";

/** What a process has used so far. */
export interface Usage {
  /** CPU time of all threads, in µs. */
  readonly cpuUs: number;
  /** The most memory that it ever occupied, in bytes. */
  readonly peakBytes: number;
}

/** What this process and those that it started have used. */
export function readUsage(): Usage {
  const { user, system } = process.cpuUsage();
  let cpuUs = user + system;
  let peakBytes = peakOf("self") ?? Deno.memoryUsage().rss;
  for (const pid of descendants(String(Deno.pid))) {
    cpuUs += cpuUsOf(pid);
    peakBytes += peakOf(pid) ?? 0;
  }
  return { cpuUs, peakBytes };
}

/** The processes below one, as Linux tells them; other systems have none. */
function descendants(pid: string): string[] {
  return entries(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean)
  ).flatMap((child) => [child, ...descendants(child)]);
}

/** The first field of `schedstat` is the time on a core, in ns. */
function cpuUsOf(pid: string): number {
  return entries(`/proc/${pid}/task`)
    .map((task) =>
      Number(read(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0])
    )
    .reduce((sum, ns) => sum + ns / 1_000, 0);
}

function peakOf(pid: string): number | undefined {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ??
    [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

function entries(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    // No Linux, or the process has just ended: it has nothing to tell.
    return [];
  }
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    // As above.
    return "";
  }
}
