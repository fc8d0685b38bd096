import { memoryPair } from "../../transports/memory.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
import { openSession } from "../session/_open_session.ts";
import { sessionStarter } from "../session/_session.ts";

/** A call from a program that has no connection. */
export interface OneCall {
  /** Takes the server's end of a connection for this call alone. */
  readonly accept: (connection: Connection) => void;
  /** The address of the server. */
  readonly address: string;
  /** What the server's end tells about the caller. */
  readonly far: Pick<Connection, "remoteAddress" | "request">;
  readonly path: string;
  readonly args: unknown[];
  readonly credentials: unknown;
  readonly signal: AbortSignal;
}

/** The result of a {@linkcode OneCall}. */
export interface OneResult {
  readonly result: unknown;
  /** Ends the connection, on which a stream depends. */
  close(): Promise<void>;
}

/**
 * Makes a call over a connection of its own, so that all that applies to other
 * calls applies to it. Rejects as the call does, and then the connection has
 * ended.
 */
export async function callOnce(call: OneCall): Promise<OneResult> {
  const { accept, address, far, path, args, credentials, signal } = call;
  const transport: Transport = {
    scheme: address.slice(0, address.indexOf(":")),
    listen: () => Promise.reject(new TypeError("It only connects")),
    connect: () => {
      const [near, end] = memoryPair(address);
      accept({ ...end, ...far });
      return Promise.resolve(near);
    },
  };
  const start = sessionStarter(null, { isInitiator: true, credentials });
  const session = await openSession(start, address, {
    transports: [transport],
    signal,
  });
  const close = () => session.channel.close();
  try {
    return { result: await session.calls.call(path, args, { signal }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
