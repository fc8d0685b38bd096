/**
 * How many files a process may have open. Deno raises its own limit to that of
 * the system by itself.
 */
export async function fileLimit(): Promise<number> {
  if (Deno.build.os === "windows") return Infinity;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "ulimit -H -n"],
  }).output();
  const limit = Number(new TextDecoder().decode(stdout));
  // It may say 'unlimited'.
  return Number.isNaN(limit) ? Infinity : limit;
}
