/**
 * The queue as a program of its own:
 *
 *     deno run -A server.ts "ipc://[/tmp/jobs.sock]" JOURNAL
 *
 * It prints its address. When it is asked to end, jobs that run may come to
 * their end; all others are in the journal for the next server.
 *
 * @module
 */
import { startServer } from "@denomas/denomas/rpc";
import { print } from "../print.ts";
import { leavingSignal } from "./leaving.ts";
import { aborted, Queue } from "./queue.ts";
import { authenticate, jobService } from "./service.ts";

const GRACE_MS = 2_000;

const [address = "tcp://127.0.0.1:0", journal = "jobs.jsonl"] = Deno.args;
const service = jobService(new Queue(journal));
const server = await startServer(address, service, { authenticate });
print(server.address);
await aborted(leavingSignal());
await server.close({ graceMs: GRACE_MS });
Deno.exit(); // the standard input may still be read
