/**
 * A client that calls until it is dismissed, or killed.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import { seededRandom } from "../../../testing/network/random.ts";
import { type CallerTask, endpointOptions } from "../_endpoint.ts";
import { callSome, type TestService } from "../_test_service.ts";
import { PrintedCallLog } from "./_printed_call_log.ts";
import { printLine } from "../../shared/peer_process.ts";
import { dismissal, readTask } from "../_steered.ts";

/** The number of simultaneous callers. */
const CALLERS = 4;

const { endpoint, seed, first } = readTask<CallerTask>();
const random = seededRandom(seed);
const log = new PrintedCallLog(first);
let isOver = false;
const dismissed = dismissal().then(() => isOver = true);

const { address } = endpoint;
const client = await openConnection<TestService>(
  address,
  endpointOptions(endpoint),
);
const { remote } = client;
printLine("ready");
const hanging = log.call({ kind: "hang" }, (n) => remote.hang(n));
const callers = Array.from({ length: CALLERS }, async () => {
  while (!isOver) await callSome(remote, random, log);
});
await dismissed;
await Promise.all(callers);
await client.close({ graceMs: 0 });
await hanging;
