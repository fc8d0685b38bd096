/**
 * A server that serves until it is dismissed, or killed.
 *
 * @module
 */
import { startServer } from "../../rpc/server.ts";
import { meetingOptions, type VictimTask } from "../_task.ts";
import { Works } from "../_works.ts";
import { Journal } from "./_journal.ts";
import { dismissal, readTask, tell } from "./_parent.ts";

const { meeting, first } = readTask<VictimTask>();
await using server = await startServer(
  meeting.address,
  new Works(new Journal(first)),
  meetingOptions(meeting),
);
tell(server.address);
await dismissal();
