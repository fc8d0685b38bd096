/**
 * A server that serves until it is dismissed, or killed.
 *
 * @module
 */
import { startServer } from "../../../rpc/deno.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { AddressInUseError } from "../../../transports/errors.ts";
import { meetingOptions, type VictimTask } from "../_task.ts";
import { rest } from "../_weather.ts";
import { Works } from "../_works.ts";
import { Journal } from "./_journal.ts";
import { dismissal, readTask, tell } from "./_parent.ts";

/** For how long somebody else may hold the port, in milliseconds. */
const TAKEN_MS = 5_000;

/** Serves where the server before did, whose port may be lent by chance. */
async function start({ meeting, first }: VictimTask): Promise<RpcServer> {
  const until = performance.now() + TAKEN_MS;
  const works = new Works(new Journal(first));
  for (;;) {
    try {
      return await startServer(meeting.address, works, meetingOptions(meeting));
    } catch (error) {
      const isTaken = error instanceof AddressInUseError;
      if (!isTaken || performance.now() > until) throw error;
      await rest(10);
    }
  }
}

await using server = await start(readTask<VictimTask>());
tell(server.address);
await dismissal();
