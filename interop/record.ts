/**
 * Records what aiomas and denomas say to each other: `deno task interop:record`.
 *
 * @module
 */
import { print, printError } from "../tools/_print.ts";
import type { Versions } from "./matrix.ts";
import { env, PythonError, PythonPeer } from "./python_peer.ts";
import {
  callAiomas,
  callsOfAiomas,
  serveAiomas,
  type Session,
  sessionName,
  SESSIONS,
} from "./sessions.ts";
import { type RecordedFrame, type Recording, VECTORS } from "./vectors.ts";

const ADDRESS = "tcp://127.0.0.1:0";

async function record(session: Session): Promise<Recording> {
  await using python = new PythonPeer();
  await python.do("record");
  const results = session.serves === "aiomas"
    ? await callAiomas(session, await serveThere(python, session))
    : await callHere(python, session);
  const frames = await python.do<RecordedFrame[]>("recorded");
  return { session: sessionName(session), frames, results };
}

async function serveThere(
  python: PythonPeer,
  { layer, codec }: Session,
): Promise<string> {
  const args = { address: ADDRESS, codec, points: true };
  if (layer !== "agents") {
    const { address } = await python.do<{ address: string }>("serve", {
      layer,
      ...args,
    });
    return address;
  }
  const { handle, address } = await python.do<
    { handle: number; address: string }
  >("container", args);
  await python.do("agent", { container: handle });
  return address;
}

/** Has aiomas call what denomas serves. */
async function callHere(python: PythonPeer, session: Session): Promise<null> {
  await using serving = await serveAiomas(session, ADDRESS);
  const on = await connectThere(python, session, serving.address);
  for (const call of callsOfAiomas(session)) {
    const { path, args } = call;
    try {
      await (session.layer === "channel"
        ? python.do("send", { on, content: [path, ...args] })
        : python.do("call", { on, ...call }));
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
    }
  }
  return null;
}

async function connectThere(
  python: PythonPeer,
  { layer, codec }: Session,
  address: string,
): Promise<number> {
  if (layer !== "agents") {
    const args = { layer, address, codec, points: true, serves: true };
    return await python.do<number>("open", args);
  }
  const args = { address: ADDRESS, codec, points: true };
  const there = await python.do<{ handle: number }>("container", args);
  return await python.do<number>("connect", {
    container: there.handle,
    address: `${address}/0`,
  });
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
