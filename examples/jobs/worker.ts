/**
 * A worker as a program of its own:
 *
 *     deno run -A worker.ts ADDRESS NAME
 *
 * It counts the words of one job after the other. When it is asked to end, it
 * finishes the job that it has.
 *
 * @module
 */
import { isRemoteError, ServiceError, withOptions } from "@denomas/denomas/rpc";
import { setTimeout } from "node:timers/promises";
import { print } from "../print.ts";
import { connect, isLoss } from "./connect.ts";
import { leavingSignal } from "./leaving.ts";

/** How long a chunk takes. */
const CHUNK_MS = 20;

const [address = "", name = "worker"] = Deno.args;
const signal = leavingSignal();
const client = await connect(address, { name, role: "worker" });
while (!signal.aborted) {
  try {
    const tasks = await withOptions(client.remote, { signal }).work();
    for await (const { id, chunks } of tasks) {
      await client.remote.report(id, count(id, chunks));
    }
  } catch (error) {
    if (signal.aborted || isLoss(error)) continue;
    if (!isRemoteError(error, "lease_lost")) throw error;
  }
}
await client.close({ graceMs: 1_000 });
Deno.exit(); // the standard input may still be read

async function* count(id: string, chunks: readonly string[]) {
  let done = 0;
  let words = 0;
  try {
    for (const chunk of chunks) {
      await setTimeout(CHUNK_MS);
      if (chunk === "\0") throw new ServiceError("No text", { code: "text" });
      words += chunk.split(" ").length;
      yield { done: ++done, words };
    }
  } finally {
    if (done < chunks.length) print(`  ${name} puts ${id} away, unfinished`);
  }
}
