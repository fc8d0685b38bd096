import { AddressInUseError, ConnectError } from "../errors.ts";
import type { Connection, Listener, Transport } from "../transport.ts";
import { world } from "../_world.ts";
import { PortStream } from "./_port_stream.ts";

/**
 * An object that exchanges messages with another thread: a `Worker`, the `self`
 * of a worker, or a `MessagePort`.
 */
export interface PortLike {
  /** Sends a message, and transfers the ports in it. */
  postMessage(message: unknown, transfer: MessagePort[]): void;
  /** Adds a listener for messages. */
  addEventListener(
    type: "message",
    listener: (event: MessageEvent) => void,
  ): void;
  /** Removes a listener for messages. */
  removeEventListener(
    type: "message",
    listener: (event: MessageEvent) => void,
  ): void;
  /** Starts the delivery of messages, if the object needs that. */
  start?(): void;
}

/** The message that carries the port of a new connection. */
interface Knock {
  readonly denomas: "connect";
  readonly address: string;
  /** Distinguishes the connections of the other side. */
  readonly number: number;
}

/** The longest wait for an answer of the other side, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * Returns a transport between two threads. `port` leads to the other thread.
 * Each connection is its own `MessageChannel`, one end of which is sent to the
 * other side over `port`. Other messages on `port` are ignored.
 *
 * Addresses are `port://name`. Both sides may listen and connect. A thread
 * should listen before the other thread connects: a message without a listener
 * is lost, and connecting then fails after 10 s. Heartbeats detect an end that
 * vanishes, for example when a Worker is terminated.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { messagePorts } from "@denomas/denomas/transports";
 * import { assertEquals } from "@std/assert";
 *
 * // One thread has the first port, and the other one the second.
 * const { port1, port2 } = new MessageChannel();
 * const adder = service({ add: (a: number, b: number) => a + b });
 * const server = await startServer("port://adder", adder, {
 *   transports: [messagePorts(port1)],
 * });
 * const client = await openConnection<typeof adder>("port://adder", {
 *   transports: [messagePorts(port2)],
 * });
 * assertEquals(await client.remote.add(1, 2), 3);
 * await client.close();
 * await server.close();
 * port1.close();
 * port2.close();
 * ```
 */
export function messagePorts(port: PortLike): Transport {
  const servers = new Map<string, (connection: Connection) => void>();
  const onMessage = ({ data, ports }: MessageEvent) => {
    const [end] = ports;
    if (!isKnock(data) || end === undefined) return;
    const accept = servers.get(data.address);
    if (accept === undefined) return refuse(end);
    const { address, number } = data;
    const stream = new PortStream(end);
    end.postMessage("accepted");
    accept({
      stream,
      localAddress: address,
      remoteAddress: `${address}#${number}`,
    });
  };
  return {
    scheme: "port",
    // deno-lint-ignore require-await -- it must reject, not throw
    listen: async (address, accept) => {
      checkAddress(address);
      if (servers.has(address)) {
        throw new AddressInUseError(
          `Cannot listen on '${address}': another server of this thread has that name, choose another or close it first`,
          { address },
        );
      }
      if (servers.size === 0) port.addEventListener("message", onMessage);
      port.start?.();
      servers.set(address, accept);
      return listenerAt(address, () => {
        servers.delete(address);
        if (servers.size > 0) return;
        port.removeEventListener("message", onMessage);
      });
    },
    connect: async (address, { signal } = {}) => {
      checkAddress(address);
      signal?.throwIfAborted();
      const { port1, port2 } = new MessageChannel();
      const number = ++connections;
      const knock: Knock = { denomas: "connect", address, number };
      port.postMessage(knock, [port2]);
      await answered(port1, address, signal);
      return {
        stream: new PortStream(port1),
        localAddress: `${address}#${number}`,
        remoteAddress: address,
      };
    },
  };
}

function isKnock(data: unknown): data is Knock {
  if (typeof data !== "object" || data === null) return false;
  const { denomas, address, number } = data as Partial<Knock>;
  return denomas === "connect" && typeof address === "string" &&
    typeof number === "number";
}

function refuse(end: MessagePort): void {
  end.postMessage("refused");
  end.close();
}

/** Resolves when the other side has accepted a port. Closes it otherwise. */
function answered(
  port: MessagePort,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: unknown) => {
      timer.stop();
      signal?.removeEventListener("abort", onAbort);
      port.onmessage = null;
      if (error === undefined) return resolve();
      port.close();
      reject(error);
    };
    const fail = (why: string) =>
      end(
        new ConnectError(`Cannot connect to '${address}': ${why}`, { address }),
      );
    const timer = world.setTimer(
      ANSWER_MS,
      () => fail("the other thread does not answer, let it listen first"),
    );
    const onAbort = () => end(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    port.onmessage = ({ data }) => {
      if (data === "accepted") end();
      else fail("no server of the other thread has that name, start it first");
    };
  });
}

let connections = 0;

function listenerAt(address: string, close: () => void): Listener {
  let isOpen = true;
  return {
    address,
    close: () => {
      if (isOpen) close();
      isOpen = false;
      return Promise.resolve();
    },
    // The port belongs to its creator.
    ref: () => {},
    unref: () => {},
  };
}

function checkAddress(address: string): void {
  if (/^port:\/\/[^\s/]+$/.test(address)) return;
  throw new TypeError(
    `Cannot use address '${address}': the transport of message ports needs 'port://name' with a name without spaces and '/'`,
  );
}
