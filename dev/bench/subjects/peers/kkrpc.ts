/**
 * kkrpc 0.2.2 (npm), by JSON over sockets of `node:net`.
 *
 * The current release on npm; version 2 is on JSR alone. Set up as its README
 * says: `RPCChannel` over an `IoInterface`, which is ours here, a line a
 * message and one write for all of a turn of the event loop, no-delay on: its
 * own `NodeIo` breaks characters that a chunk ends in. Of its two formats JSON
 * is the faster one; the default is superjson.
 *
 * Left out: streams, which it does not have, and callbacks.
 *
 * @module
 */
import type { IoInterface } from "npm:kkrpc@0.2.2";
import { echo, hang } from "../_methods.ts";
import { answer, type Subject } from "../subject.ts";
import { Lines } from "./_lines.ts";
import { load } from "./_load.ts";
import { connectSocket, cutSocket, serveSockets } from "./_sockets.ts";

const functions = { answer, echo: echo<string>, hang };

/** Functions by kkrpc. */
export const kkrpc: Subject = {
  name: "kkrpc",
  serve: async (address) => {
    const open = await opener();
    return await serveSockets(
      address,
      (socket) => void open(new Lines(socket)),
    );
  },
  connect: async (address) => {
    const open = await opener();
    const socket = await connectSocket(address);
    const api = open(new Lines(socket)).getAPI();
    return {
      call: async (question) => await api.answer(question),
      echo: async (payload) => await api.echo(String(payload)),
      hang: () => api.hang(),
      [Symbol.asyncDispose]: () => cutSocket(socket),
    };
  },
};

async function opener() {
  const { RPCChannel } = await load("kkrpc");
  return (lines: Lines) =>
    new RPCChannel<typeof functions, typeof functions>(ioOver(lines), {
      expose: functions,
      serialization: { version: "json" },
    });
}

/** Hands over all lines that have come since the last read. */
function ioOver(lines: Lines): IoInterface {
  let text = "";
  let wake: ((text: string) => void) | undefined;
  lines.hear((line) => {
    text += `${line}\n`;
    wake?.("");
  });
  return {
    name: "lines",
    read: async () => {
      if (text === "") await new Promise((resolve) => wake = resolve);
      const lines = text;
      text = "";
      return lines;
    },
    write: (message) => {
      lines.post(message.trimEnd());
      return Promise.resolve();
    },
  };
}
