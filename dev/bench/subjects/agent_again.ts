/**
 * Calls an agent over a new connection each time, from an existing container. A
 * container keeps its connections, so this one loses them at the transport: the
 * socket is closed, and both sides assume that the other one ended the
 * connection.
 */
import { Container } from "@denomas/denomas/agent";
import {
  type ByteStream,
  memory,
  tcp,
  type Transport,
  unix,
} from "@denomas/denomas/transports";
import { agents, type Answerer } from "./agent.ts";
import type { Subject } from "./subject.ts";

/** Agents with JSON, over connections that are used once. */
export const agentAgain: Subject = {
  name: "agent-again",
  serve: agents[0]!.serve,
  connect: async (address) => {
    const { container, hangUp } = await (existing ??= create());
    const remote = await container.connect<Answerer>(address);
    return {
      call: (question) => remote.answer(question),
      [Symbol.asyncDispose]: async () => {
        hangUp();
        while (container.stats().connections > 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
  },
};

interface Existing {
  readonly container: Container;
  /** Closes all connections. */
  hangUp(): void;
}

/** A stream that can be closed below the container. */
interface Hanging {
  hangUp(): void;
}

let existing: Promise<Existing> | undefined;

async function create(): Promise<Existing> {
  const open = new Set<ByteStream & Hanging>();
  const transports = [tcp(), unix()].map((it) => closable(it, open));
  const container = await Container.create(
    `local://bench-${crypto.randomUUID()}`,
    { transports: [...transports, memory()] },
  );
  container.unref();
  const hangUp = () => {
    for (const stream of open) stream.hangUp();
  };
  return { container, hangUp };
}

/** Wraps a transport, and keeps its open streams in `open`. */
function closable(
  transport: Transport,
  open: Set<ByteStream & Hanging>,
): Transport {
  return {
    ...transport,
    connect: async (address, options) => {
      const connection = await transport.connect(address, options);
      const { stream } = connection;
      let endRead = () => {};
      const closing: ByteStream & Hanging = {
        read: (into) =>
          new Promise((resolve, reject) => {
            endRead = () => resolve(null);
            stream.read(into).then(resolve, reject);
          }),
        // Ends the read at once: the read of a closed socket rejects some turns
        // later, and the baseline does not wait for that either.
        hangUp: () => {
          endRead();
          closing.close();
        },
        write: (bytes) => stream.write(bytes),
        closeWrite: async () => {
          if (open.has(closing)) await stream.closeWrite();
        },
        close: () => {
          if (open.delete(closing)) stream.close();
        },
        ref: () => stream.ref(),
        unref: () => stream.unref(),
      };
      open.add(closing);
      return { ...connection, stream: closing };
    },
  };
}
