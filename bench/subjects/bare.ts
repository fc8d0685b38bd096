/**
 * The yardstick: the least that sends JSON in frames and matches answers to
 * calls, straight on the sockets. No limits, no checks, no errors, no orderly
 * end; but nothing slow either: no-delay, whole buffers, one write for all
 * that one turn of the event loop brings.
 */
import { parseAddress } from "@denomas/denomas/transports";
import {
  type Answer,
  answer,
  type Question,
  type Serving,
  type Subject,
} from "./subject.ts";

type Conn = Deno.TcpConn | Deno.UnixConn;

/** A hand-written loop with a promise a call. */
export const bare: Subject = {
  name: "bare",
  serve: (address) => Promise.resolve(serve(address)),
  connect: async (address) => {
    const conn = await connect(address);
    const pending = new Map<number, (answer: Answer) => void>();
    const send = startWriting(conn);
    read<Answer>(conn, ([, id, answer]) => {
      pending.get(id)!(answer);
      pending.delete(id);
    });
    let nextId = 0;
    return {
      call: (question) =>
        new Promise<Answer>((resolve) => {
          const id = nextId++;
          pending.set(id, resolve);
          send([0, id, question]);
        }),
      [Symbol.asyncDispose]: () => {
        conn.close();
        return Promise.resolve();
      },
    };
  },
};

function serve(address: string): Serving {
  const listener = listen(address);
  const conns = new Set<Conn>();
  accept(listener, (conn) => {
    conns.add(conn);
    const send = startWriting(conn);
    read<Question>(conn, ([, id, question]) => send([1, id, answer(question)]));
  });
  return {
    address: realAddress(address, listener),
    [Symbol.asyncDispose]: () => {
      listener.close();
      for (const conn of conns) conn.close();
      return Promise.resolve();
    },
  };
}

type Message<T> = [type: number, id: number, content: T];

const HEADER_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Calls `onMessage` for each frame until the connection ends. */
async function read<T>(
  conn: Conn,
  onMessage: (message: Message<T>) => void,
): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  const view = new DataView(buffer.buffer);
  let end = 0;
  while (true) {
    const bytes = await conn.read(buffer.subarray(end)).catch(() => null);
    if (bytes === null) return;
    end += bytes;
    let start = 0;
    while (end - start >= HEADER_BYTES) {
      const next = start + HEADER_BYTES + view.getUint32(start);
      if (next > end) break;
      const payload = buffer.subarray(start + HEADER_BYTES, next);
      onMessage(JSON.parse(decoder.decode(payload)));
      start = next;
    }
    buffer.copyWithin(0, start, end);
    end -= start;
  }
}

/** Returns what sends a message; one write takes all that is there. */
function startWriting(conn: Conn): (message: Message<unknown>) => void {
  let buffer = new Uint8Array(256 * 1024);
  let spare = new Uint8Array(256 * 1024);
  let length = 0;
  let writing = false;

  async function flush(): Promise<void> {
    while (length > 0) {
      const batch = buffer.subarray(0, length);
      [buffer, spare] = [spare, buffer];
      length = 0;
      for (let at = 0; at < batch.length;) {
        at += await conn.write(batch.subarray(at));
      }
    }
    writing = false;
  }

  return (message) => {
    const start = length + HEADER_BYTES;
    const text = JSON.stringify(message);
    const { written } = encoder.encodeInto(text, buffer.subarray(start));
    buffer[length] = written >>> 24;
    buffer[length + 1] = written >>> 16;
    buffer[length + 2] = written >>> 8;
    buffer[length + 3] = written;
    length = start + written;
    if (writing) return;
    writing = true;
    queueMicrotask(flush);
  };
}

function listen(address: string): Deno.Listener {
  const parsed = parseAddress(address);
  if (parsed.scheme === "tcp") {
    return Deno.listen({ hostname: parsed.host, port: parsed.port });
  }
  if (parsed.scheme === "ipc") {
    return Deno.listen({ transport: "unix", path: parsed.path });
  }
  throw new TypeError(`Cannot listen on '${address}': it is no socket`);
}

function realAddress(address: string, { addr }: Deno.Listener): string {
  return addr.transport === "tcp"
    ? `tcp://${addr.hostname}:${addr.port}`
    : address;
}

async function connect(address: string): Promise<Conn> {
  const parsed = parseAddress(address);
  if (parsed.scheme === "tcp") {
    const { host, port } = parsed;
    const conn = await Deno.connect({ hostname: host, port });
    conn.setNoDelay(true);
    return conn;
  }
  if (parsed.scheme === "ipc") {
    return await Deno.connect({ transport: "unix", path: parsed.path });
  }
  throw new TypeError(`Cannot connect to '${address}': it is no socket`);
}

async function accept(
  listener: Deno.Listener,
  onConn: (conn: Conn) => void,
): Promise<void> {
  try {
    for await (const conn of listener) {
      if (conn.localAddr.transport === "tcp") {
        (conn as Deno.TcpConn).setNoDelay(true);
      }
      onConn(conn as Conn);
    }
  } catch (error) {
    // The listener was closed.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
