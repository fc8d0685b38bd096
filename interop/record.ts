/**
 * Records what aiomas and denomas say to each other: `deno task interop:record`.
 *
 * @module
 */
import { print, printError } from "../tools/_print.ts";
import type { Versions } from "./matrix.ts";
import { env, PythonPeer } from "./python_peer.ts";
import {
  callAiomas,
  serveAiomas,
  type Session,
  sessionName,
  SESSIONS,
} from "./sessions.ts";
import { ADDRESS, callHere, serveThere } from "./with_aiomas.ts";
import { type RecordedFrame, type Recording, VECTORS } from "./vectors.ts";

async function record(session: Session): Promise<Recording> {
  await using python = new PythonPeer();
  await python.do("record");
  const results = session.serves === "aiomas"
    ? await callAiomas(session, await serveThere(python, session))
    : await recordCalls(python, session);
  const frames = await python.do<RecordedFrame[]>("recorded");
  return { session: sessionName(session), frames, results };
}

async function recordCalls(
  python: PythonPeer,
  session: Session,
): Promise<null> {
  await using serving = await serveAiomas(session, ADDRESS);
  await callHere(python, session, serving.address);
  return null;
}

async function main(): Promise<number> {
  if ("missing" in env) {
    printError(`Recording: there is no aiomas here, ${env.missing}`);
    return 1;
  }
  const recordings: Recording[] = [];
  for (const session of SESSIONS) recordings.push(await record(session));
  await using python = new PythonPeer();
  const { aiomas, arrow, msgpack } = await python.do<Versions>("versions");
  const vectors = { versions: { aiomas, arrow, msgpack }, recordings };
  await Deno.writeTextFile(VECTORS, JSON.stringify(vectors, null, 2) + "\n");
  const frames = recordings.reduce((sum, it) => sum + it.frames.length, 0);
  print(
    `${recordings.length} sessions, ${frames} frames: interop/vectors.json`,
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main());
