/**
 * The queue: `deno run -A server.ts ADDRESS JOURNAL`. It prints its address. On
 * SIGTERM, running jobs may finish; the journal keeps all others for the next
 * server.
 *
 * @module
 */
import { startServer } from "@denomas/denomas/rpc";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { Queue } from "./queue.ts";
import { authenticate, jobService } from "./service.ts";

const [address = "tcp://127.0.0.1:0", journal = "jobs.jsonl"] = Deno.args;
const service = jobService(new Queue(journal));
const server = await startServer(address, service, { authenticate });
onInterruption(() => server.close({ graceMs: 5_000 }));
print(server.address);
await server.closed;
