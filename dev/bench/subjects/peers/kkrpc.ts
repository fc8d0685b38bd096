/**
 * kkrpc 0.2.2 (npm), by JSON over sockets of `node:net`.
 *
 * This is the current release on npm; version 2 is only on JSR. Set up as in
 * its README: `RPCChannel` over an `IoInterface`. The interface is ours: one
 * line per message, one write per turn of the event loop, no-delay on. The
 * library's own `NodeIo` breaks characters that are split between chunks. Of
 * its two formats, JSON is faster than the default, superjson.
 *
 * Left out: streams, which it does not support, and callbacks.
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

/** Functions called with kkrpc. */
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

/** Returns all lines that arrived since the last read. */
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
