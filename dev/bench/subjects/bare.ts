/**
 * The baseline: the fastest code that sends JSON in frames and matches answers
 * to calls, directly on sockets.
 */
import {
  connectConn,
  FrameWriter,
  Pending,
  readFrames,
  serveConns,
} from "./_frames.ts";
import { type Answer, answer, type Question, type Subject } from "./subject.ts";

type Message = [type: number, id: number, content: unknown];

const CALL = 0;
const ANSWER = 1;
const ECHO = 2;
const STREAM = 3;
const ITEM = 4;
const HANG = 5;

/** The number of stream items to send at once, while later ones are created. */
const ITEMS_A_PART = 128;

const decoder = new TextDecoder();

function parse(payload: Uint8Array): Message {
  return JSON.parse(decoder.decode(payload));
}

/** A hand-written loop with one promise per call. */
export const bare: Subject = {
  name: "bare",
  serve: (address) =>
    Promise.resolve(serveConns(address, async (conn) => {
      const writer = new FrameWriter(conn);
      await readFrames(conn, (payload) => reply(parse(payload), writer));
      writer.release();
    })),
  connect: async (address) => {
    const conn = await connectConn(address);
    const writer = new FrameWriter(conn);
    const pending = new Pending<unknown>();
    const items = new Map<number, number>();
    const ended = readFrames(conn, (payload) => {
      const [type, id, content] = parse(payload);
      if (type === ITEM) {
        items.set(id, items.get(id)! + 1);
        return;
      }
      pending.resolve(id, content);
    });
    const ask = (type: number, content: unknown) =>
      new Promise<unknown>((resolve) => {
        const id = pending.add(resolve);
        if (type === STREAM) items.set(id, 0);
        writer.sendText(JSON.stringify([type, id, content]));
      });
    return {
      call: (question) => ask(CALL, question),
      echo: (payload) => ask(ECHO, payload),
      receive: async (count) => {
        const id = await ask(STREAM, count) as number;
        const received = items.get(id);
        items.delete(id);
        if (received === count) return;
        throw new Error(`${received} items came, wanted ${count}`);
      },
      hang: async () => {
        ask(HANG, null);
        await ended;
        throw new Error("The connection has ended");
      },
      [Symbol.asyncDispose]: () => {
        conn.close();
        writer.release();
        return Promise.resolve();
      },
    };
  },
};

function reply([type, id, content]: Message, writer: FrameWriter): void {
  if (type === CALL) {
    writer.sendText(JSON.stringify([ANSWER, id, answer(content as Question)]));
  } else if (type === ECHO) {
    writer.sendText(JSON.stringify([ANSWER, id, content]));
  } else if (type === STREAM) {
    sendItems(id, content as number, writer);
  }
}

async function sendItems(
  id: number,
  count: number,
  writer: FrameWriter,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    const item: Answer = answer({ name: "Ada", n });
    writer.sendText(JSON.stringify([ITEM, id, item]));
    if (n % ITEMS_A_PART === ITEMS_A_PART - 1) await writer.written();
  }
  writer.sendText(JSON.stringify([ANSWER, id, id]));
}

type Call = [type: 0, id: number, [path: string, [Question], object]];

/** The same with the messages of RPC, which shows the cost of its format. */
export const bareRpc: Subject = {
  name: "bare-rpc",
  serve: (address) =>
    Promise.resolve(serveConns(address, async (conn) => {
      const writer = new FrameWriter(conn);
      await readFrames(conn, (payload) => {
        const [, id, [path, [question]]] = JSON.parse(
          decoder.decode(payload),
        ) as Call;
        const result = methods[path]!(question);
        writer.sendText(JSON.stringify([ANSWER, id, result]));
      });
      writer.release();
    })),
  connect: async (address) => {
    const conn = await connectConn(address);
    const writer = new FrameWriter(conn);
    const pending = new Pending<unknown>();
    readFrames(conn, (payload) => {
      const [, id, result] = parse(payload);
      pending.resolve(id, result);
    });
    return {
      call: (question) =>
        new Promise((resolve) => {
          const id = pending.add(resolve);
          const call: Call = [CALL, id, ["answer", [question], {}]];
          writer.sendText(JSON.stringify(call));
        }),
      [Symbol.asyncDispose]: () => {
        conn.close();
        writer.release();
        return Promise.resolve();
      },
    };
  },
};

const methods: Readonly<Record<string, (question: Question) => Answer>> = {
  answer,
};
