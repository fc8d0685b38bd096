import { PythonError, type PythonPeer } from "./python_peer.ts";
import { ANY_PORT, callsOfAiomas, type Session, type Try } from "./sessions.ts";
import type { Served } from "./support.ts";

/** The paths of the TLS files for aiomas, by its names for them. */
export interface PythonTls {
  readonly cafile: string;
  readonly certfile: string;
  readonly keyfile: string;
}

/** Makes aiomas serve a session; resolves to the address. */
export async function serveThere(
  python: PythonPeer,
  { layer, codec }: Session,
  tls?: PythonTls,
): Promise<string> {
  const args = { address: ANY_PORT, codec, points: true, tls };
  if (layer !== "agents") {
    const { address } = await python.ask<Served>("serve", { layer, ...args });
    return address;
  }
  const { handle, address } = await python.ask<Served>("container", args);
  await python.ask("agent", { container: handle });
  return address;
}

/**
 * Makes aiomas make its calls of a session; resolves to the meanings of the
 * failed calls.
 */
export async function callHere(
  python: PythonPeer,
  session: Session,
  address: string,
  attempt: Try,
  tls?: PythonTls,
): Promise<string[]> {
  let there: Connection | undefined;
  await attempt("the handshake", async () => {
    there = await connectThere(python, session, address, tls);
  });
  const { on, own } = there!;
  const failed: string[] = [];
  for (const { meaning, ...call } of callsOfAiomas(session, own)) {
    await attempt(meaning, async () => {
      const asking = session.layer === "channel"
        ? python.ask("send", { on, content: [call.path, ...call.args] })
        : python.ask("call", { on, ...call });
      await asking.catch((error) => {
        if (!(error instanceof PythonError)) throw error;
        failed.push(meaning);
      });
    });
  }
  return failed;
}

/** A connection of aiomas, and the service it offers on it. */
interface Connection {
  readonly on: number;
  readonly own: string | number;
}

async function connectThere(
  python: PythonPeer,
  { layer, codec }: Session,
  address: string,
  tls: PythonTls | undefined,
): Promise<Connection> {
  const args = { codec, points: true, tls };
  if (layer !== "agents") {
    const more = { layer, address, serves: layer === "rpc" };
    const on = await python.ask<number>("open", { ...args, ...more });
    return { on, own: "" };
  }
  const { handle: container } = await python.ask<Served>("container", {
    ...args,
    address: ANY_PORT,
  });
  const { handle: own } = await python.ask<Served>("agent", { container });
  const to = `${address}/0`;
  const on = await python.ask<number>("connect", { container, address: to });
  return { on, own };
}
