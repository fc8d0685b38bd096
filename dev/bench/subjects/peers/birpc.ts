/**
 * birpc 4.2.0 (npm, MIT), by JSON over sockets of `node:net`.
 *
 * It has no transport: as in its README ("Using WebSocket"), it gets `post`,
 * `on`, and JSON as serializer. The framing is ours, since a stream needs one:
 * one line per message, one write per turn of the event loop, no-delay on.
 * Everything else is default, including the time-out of 60 s, which starts a
 * timer for each call.
 *
 * Left out: streams, which it does not support. Pending calls do not end when
 * the connection is lost: its README shows no way to do that, although `$close`
 * would.
 *
 * @module
 */
import type { BirpcReturn } from "npm:birpc@4.2.0";
import { echo, hang } from "../_methods.ts";
import { answer, type Subject } from "../subject.ts";
import { Lines } from "./_lines.ts";
import { load } from "./_load.ts";
import { connectSocket, cutSocket, serveSockets } from "./_sockets.ts";

const functions = { answer, echo: echo<string>, hang };
type Functions = typeof functions;

/** Functions called with birpc. */
export const birpc: Subject = {
  name: "birpc",
  serve: async (address) => {
    const open = await opener();
    return await serveSockets(address, (socket) => {
      open(functions, new Lines(socket));
    });
  },
  connect: async (address) => {
    const open = await opener();
    const socket = await connectSocket(address);
    const rpc = open({}, new Lines(socket));
    return {
      call: (question) => rpc.answer(question),
      echo: (payload) => rpc.echo(String(payload)),
      hang: () => rpc.hang(),
      [Symbol.asyncDispose]: async () => {
        rpc.$close();
        await cutSocket(socket);
      },
    };
  },
};

type Open = (own: object, lines: Lines) => BirpcReturn<Functions>;

async function opener(): Promise<Open> {
  const { createBirpc } = await load("birpc");
  return (own, lines) =>
    createBirpc<Functions>({ ...own }, {
      post: (line: string) => lines.post(line),
      on: (fn) => lines.hear(fn),
      serialize: (message) => JSON.stringify(message),
      deserialize: (line: string) => JSON.parse(line),
    });
}
