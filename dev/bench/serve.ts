/**
 * Serves a subject in a separate process: `serve.ts SUBJECT ADDRESS`. Answers
 * requests for its address, CPU time, waiting time and memory.
 *
 * @module
 */
import { settledBytes } from "../shared/heap.ts";
import { answerRequests } from "../shared/peer_process.ts";
import { cpuUs, waitedUs } from "./_cpu.ts";
import { subjectNamed } from "./subjects/all.ts";

const [name = "", address = ""] = Deno.args;
await using stack = new AsyncDisposableStack();
await answerRequests({
  address: async () => {
    const subject = await subjectNamed(name);
    return stack.use(await subject.serve(address)).address;
  },
  cpuUs,
  waitedUs,
  memory: settledBytes,
});
