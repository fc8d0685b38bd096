/**
 * A submitter as a program of its own:
 *
 *     deno run -A submitter.ts ADDRESS NAME COUNT
 *
 * It submits so many jobs, three at a time. The second one is no text, and the
 * third one it cancels as soon as it runs. It fails if any job ends otherwise
 * than it should.
 *
 * @module
 */
import { isRemoteError } from "@denomas/denomas/rpc";
import { print } from "../print.ts";
import { connect, isLoss } from "./connect.ts";
import type { JobError } from "./service.ts";

const CHUNKS = 8;
/** Enough of them to be cancelled before the end. */
const MANY_CHUNKS = 200;

const [address = "", name = "submitter", count = "10"] = Deno.args;
await using client = await connect(address, { name, role: "submitter" });
let last = 0;
await Promise.all([submitAll(), submitAll(), submitAll()]);
print(`  ${name}: all ${count} jobs have ended as they should`);

async function submitAll(): Promise<void> {
  while (last < Number(count)) {
    const n = ++last;
    const wanted = n === 2 ? "job_failed" : n === 3 ? "job_cancelled" : "24";
    const got = await submit(`${name}-${n}`, n);
    if (got !== wanted) throw new Error(`Job ${n}: ${got}, not ${wanted}`);
  }
}

/** Returns how many words a job has, or the code of its error. */
async function submit(id: string, n: number): Promise<string> {
  for (;;) {
    try {
      for await (const update of await client.remote.submit(id, input(n))) {
        if (update.state === "done") return update.text;
        if (n === 3 && update.state === "running") {
          await client.remote.cancel(id);
          // A job ends once: what has ended is not cancelled.
          if (await client.remote.cancel(id)) return "cancelled twice";
        }
      }
      // The server is leaving: the next one knows the job.
    } catch (error) {
      if (isRemoteError<JobError>(error, "job_failed")) return error.code;
      if (isRemoteError<JobError>(error, "job_cancelled")) return error.code;
      if (!isLoss(error)) throw error;
    }
  }
}

async function* input(n: number): AsyncGenerator<string> {
  for (let left = n === 3 ? MANY_CHUNKS : CHUNKS; left > 0; left--) {
    yield n === 2 && left === 1 ? "\0" : "three more words";
  }
}
