import { memoryPair } from "../../transports/memory.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
import { openSession } from "../session/_open_session.ts";
import { sessionStarter } from "../session/_session.ts";

/** A single call from a program without a connection. */
export interface OneCall {
  /**
   * Accepts the server's end of a connection that is used for this call only.
   */
  readonly accept: (connection: Connection) => void;
  /** The address of the server. */
  readonly address: string;
  /** Information about the caller, for the server's end of the connection. */
  readonly far: Pick<Connection, "remoteAddress" | "request">;
  readonly path: string;
  readonly args: unknown[];
  readonly credentials: unknown;
  readonly signal: AbortSignal;
}

/** The result of a {@linkcode OneCall}. */
export interface OneResult {
  readonly result: unknown;
  /** Ends the connection, and with it any stream in the result. */
  close(): Promise<void>;
}

/**
 * Makes a call over its own connection, so that it is handled like any other
 * call. If the call fails, this rejects with its error after the connection has
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
