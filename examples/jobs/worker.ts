/**
 * Counts the words of jobs, one job at a time:
 * `deno run -A worker.ts ADDRESS NAME`. On SIGTERM it finishes its current job
 * first.
 *
 * @module
 */
import { ServiceError } from "@denomas/denomas/rpc";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { connect, ignoreLoss } from "./connect.ts";

const [address = "", name = "worker"] = Deno.args;
const client = await connect(address, name, "worker");
onInterruption(() => client.close({ graceMs: 5_000 }));

while (client.state !== "closed") {
  await client.remote.work(count).catch(ignoreLoss);
}
await client.closed;

async function* count(id: string, chunks: readonly string[]) {
  let words = 0;
  let left = chunks.length;
  try {
    for (const chunk of chunks) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (chunk === "\0") {
        throw new ServiceError("No text", { code: "no_text" });
      }
      yield words += chunk.split(" ").length;
      left--;
    }
  } finally {
    if (left > 0) print(`  ${name} puts ${id} away, unfinished`);
  }
}
