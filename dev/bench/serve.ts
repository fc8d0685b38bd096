/**
 * Serves a subject in a process of its own: `serve.ts SUBJECT ADDRESS`.
 * Answers requests for its address, its CPU time, its waiting time and its memory.
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
