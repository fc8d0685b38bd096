import { print } from "../checks/_print.ts";
import {
  checkTestServer,
  countOutcomes,
  openTestServer,
} from "./_server_process.ts";
import { Crowd } from "./peers/crowd.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** The number of connections in a long run, and in a short run or with TLS. */
const CONNECTIONS = 5_000;
const FEW_CONNECTIONS = 500;
/** The minimum time for which all clients call, in milliseconds. */
const LEAST_MS = 200;
/** The number of files that a process needs for other purposes. */
const OTHER_FILES = 100;

/** Opens very many connections between two processes; all of them call. */
export async function load(world: TrialWorld): Promise<void> {
  const { ctx, counters, until, isLong } = world;
  // TLS handshakes would take most of the time.
  const isFull = isLong && ctx.transport !== "tls";
  const count = await possible(isFull ? CONNECTIONS : FEW_CONNECTIONS);
  await using server = await openTestServer(world);
  await using crowd = await steer(() => new Crowd(), "crowd.ts", world);
  const empty = await server.remote.figures();
  const start = performance.now();
  await crowd.remote.enter(server.endpoint, count);
  const openMs = performance.now() - start;
  const idle = await server.remote.figures();
  const forMs = Math.max(LEAST_MS, until - performance.now());
  const { outcome, ms, medianMs, p99Ms } = await crowd.remote.work(forMs);
  const full = await server.remote.figures();
  await crowd.remote.leave();
  countOutcomes("load", [outcome], world);
  await checkTestServer(server.remote, [outcome], world);
  if (idle.connections !== count || full.connections !== count) {
    counters.breach(
      `${world.name}: ${full.connections} connections, wanted ${count}`,
    );
  }
  const bytesEach = (full.memoryBytes - empty.memoryBytes) / count;
  counters.note("load", [
    ctx.transport,
    count.toLocaleString("en"),
    `${(openMs / 1_000).toFixed(1)} s`,
    outcome.made.toLocaleString("en"),
    Math.round(outcome.made / ms * 1_000).toLocaleString("en"),
    `${medianMs.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
    `${(bytesEach / 1_024).toFixed(1)} KiB`,
  ]);
}

/** Returns `wanted`, or the number of connections that the system allows. */
async function possible(wanted: number): Promise<number> {
  if (Deno.build.os === "windows") return wanted;
  // Deno raises its own limit to that of the system.
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "ulimit -H -n"],
  }).output();
  const limit = Number(new TextDecoder().decode(stdout)) - OTHER_FILES;
  // The output may be `unlimited`.
  if (Number.isNaN(limit) || limit >= wanted) return wanted;
  print(`No more than ${limit} connections: 'ulimit -H -n' allows no more`);
  return limit;
}
