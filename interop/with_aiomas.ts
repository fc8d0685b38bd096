import { PythonError, type PythonPeer } from "./python_peer.ts";
import { callsOfAiomas, type Session } from "./sessions.ts";

/** A free port. */
export const ADDRESS = "tcp://127.0.0.1:0";

/** Paths of the files that aiomas is to use, by the names that it has for them. */
export interface PythonTls {
  readonly cafile: string;
  readonly certfile: string;
  readonly keyfile: string;
}

/** Has aiomas serve a session; resolves to the address. */
export async function serveThere(
  python: PythonPeer,
  { layer, codec }: Session,
  tls?: PythonTls,
): Promise<string> {
  const args = { address: ADDRESS, codec, points: true, tls };
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

/** Has aiomas call what denomas serves; tells how many calls failed. */
export async function callHere(
  python: PythonPeer,
  session: Session,
  address: string,
  tls?: PythonTls,
): Promise<number> {
  const on = await connectThere(python, session, address, tls);
  let failures = 0;
  for (const call of callsOfAiomas(session)) {
    const { path, args } = call;
    try {
      await (session.layer === "channel"
        ? python.do("send", { on, content: [path, ...args] })
        : python.do("call", { on, ...call }));
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      failures++;
    }
  }
  return failures;
}

async function connectThere(
  python: PythonPeer,
  { layer, codec }: Session,
  address: string,
  tls: PythonTls | undefined,
): Promise<number> {
  if (layer !== "agents") {
    const args = { layer, address, codec, points: true, serves: true, tls };
    return await python.do<number>("open", args);
  }
  const args = { address: ADDRESS, codec, points: true, tls };
  const there = await python.do<{ handle: number }>("container", args);
  return await python.do<number>("connect", {
    container: there.handle,
    address: `${address}/0`,
  });
}
