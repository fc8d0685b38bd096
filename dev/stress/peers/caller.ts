/**
 * A client that calls until it is dismissed, or killed.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import { seededRandom } from "../../../testing/network/_random.ts";
import { type CallerTask, meetingOptions } from "../_task.ts";
import { callSome, type Works } from "../_works.ts";
import { Journal } from "./_journal.ts";
import { dismissal, readTask, tell } from "./_parent.ts";

/** So many of its tasks call at once. */
const CALLERS = 4;

const { meeting, seed, first } = readTask<CallerTask>();
const random = seededRandom(seed);
const journal = new Journal(first);
let isOver = false;
const dismissed = dismissal().then(() => isOver = true);

const { address } = meeting;
const client = await openConnection<Works>(address, meetingOptions(meeting));
const { remote } = client;
tell("ready");
const hanging = journal.call({ kind: "hang" }, (n) => remote.hang(n));
const callers = Array.from({ length: CALLERS }, async () => {
  while (!isOver) await callSome(remote, random, journal);
});
await dismissed;
await Promise.all(callers);
await client.close({ graceMs: 0 });
await hanging;
