/**
 * Submits jobs, three at a time: `deno run -A submitter.ts ADDRESS NAME COUNT`.
 * The second job is not text, and the third one is cancelled as soon as it
 * runs. It fails if a job has an unexpected outcome.
 *
 * @module
 */
import { isRemoteError } from "@denomas/denomas/rpc";
import { print } from "../print.ts";
import { connect, ignoreLoss } from "./connect.ts";

const ENDS: Record<number, string> = { 2: "failed", 3: "cancelled" };

const [address = "", name = "submitter", count = "10"] = Deno.args;
await using client = await connect(address, name, "submitter");
let last = 0;
await Promise.all([submitAll(), submitAll(), submitAll()]);
print(`  ${name}: all ${count} jobs have ended as they should`);

async function submitAll(): Promise<void> {
  while (last < Number(count)) {
    const n = ++last;
    const wanted = ENDS[n] ?? "24 words";
    const got = await submit(`${name}-${n}`, n);
    if (got !== wanted) throw new Error(`Job ${n}: ${got}, not ${wanted}`);
  }
}

/** Returns the result of a job, or the reason why it has none. */
async function submit(id: string, n: number): Promise<string> {
  while (client.state !== "closed") {
    try {
      for await (const update of await client.remote.submit(id, input(n))) {
        if (update.state === "done") return update.text;
        if (n === 3 && update.state === "running") {
          await client.remote.cancel(id);
        }
      }
      // The server is closing: the next one knows the job.
    } catch (error) {
      if (isRemoteError(error, client.remote.submit, "no_result")) {
        return error.data.state;
      }
      ignoreLoss(error);
    }
  }
  return "closed";
}

async function* input(n: number): AsyncGenerator<string> {
  // The job to be cancelled is long enough for that.
  for (let left = n === 3 ? 1_000 : 8; left > 0; left--) {
    yield n === 2 && left === 1 ? "\0" : "three more words";
  }
}
