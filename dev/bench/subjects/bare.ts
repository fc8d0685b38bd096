/**
 * The yardstick: the least that sends JSON in frames and matches answers to
 * calls, straight on the sockets.
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

const decoder = new TextDecoder();

function parse(payload: Uint8Array): Message {
  return JSON.parse(decoder.decode(payload));
}

/** A hand-written loop with a promise a call. */
export const bare: Subject = {
  name: "bare",
  serve: (address) =>
    Promise.resolve(serveConns(address, (conn) => {
      const writer = new FrameWriter(conn);
      const send = (message: Message) =>
        writer.sendText(JSON.stringify(message));
      return readFrames(conn, (payload) => reply(parse(payload), send));
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
    const ask = (
      type: number,
      content: unknown,
      begin?: (id: number) => void,
    ) =>
      new Promise<unknown>((resolve) => {
        const id = pending.add(resolve);
        begin?.(id);
        writer.sendText(JSON.stringify([type, id, content]));
      });
    return {
      call: (question) => ask(CALL, question),
      echo: (payload) => ask(ECHO, payload),
      receive: async (count) => {
        let id = -1;
        await ask(STREAM, count, (it) => items.set(id = it, 0));
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
        return Promise.resolve();
      },
    };
  },
};

function reply(
  [type, id, content]: Message,
  send: (message: Message) => void,
): void {
  if (type === CALL) send([ANSWER, id, answer(content as Question)]);
  else if (type === ECHO) send([ANSWER, id, content]);
  else if (type === STREAM) {
    for (let n = 0; n < (content as number); n++) {
      const item: Answer = answer({ name: "Ada", n });
      send([ITEM, id, item]);
    }
    send([ANSWER, id, null]);
  }
}
