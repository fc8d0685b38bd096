/**
 * Socket.IO 4.8.4 (npm, MIT), by events with acknowledgements over a WebSocket,
 * which is that of ws 8.23.0 (npm, MIT).
 *
 * Set up as in its docs: a `Server` with a handler for each event, and
 * `emitWithAck` in the client. Its client begins with HTTP by default; here it
 * uses WebSocket at once, as the docs advise for servers without sticky
 * sessions. Payloads are bytes, which Socket.IO sends apart from its JSON. A
 * stream is an event for each item, and ends with the acknowledgement.
 *
 * Left out: rooms, HTTP long polling, and reconnecting.
 *
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { checkCount, echo, nthAnswer } from "../_methods.ts";
import {
  type Answer,
  answer,
  type Question,
  type Subject,
} from "../subject.ts";
import { load } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";

type Acknowledge = (value: unknown) => void;

/** Events sent with Socket.IO. */
export const socketIo: Subject = {
  name: "socket-io",
  payload: "bytes",
  serve: async (address) => {
    const { Server } = await load("socket.io");
    const http = createServer();
    const server = new Server(http, {
      maxHttpBufferSize: 16 * 1024 * 1024,
      serveClient: false,
    });
    server.on("connection", (socket) => {
      socket.on("answer", (question: Question, done: Acknowledge) => {
        done(answer(question));
      });
      socket.on("echo", (payload: unknown, done: Acknowledge) => {
        done(echo(payload));
      });
      socket.on("answers", (count: number, done: Acknowledge) => {
        for (let n = 0; n < count; n++) socket.emit("item", nthAnswer(n));
        done(null);
      });
    });
    http.listen(tcpPlace(address));
    await once(http, "listening");
    const { address: host, port } = http.address() as AddressInfo;
    let closing: Promise<void> | undefined;
    return {
      address: `tcp://${host}:${port}`,
      [Symbol.asyncDispose]: () => closing ??= server.close(),
    };
  },
  connect: async (address) => {
    const { io } = await load("socket.io-client");
    const { host, port } = tcpPlace(address);
    const socket = io(`http://${host}:${port}`, {
      transports: ["websocket"],
      reconnection: false,
      // By default, all sockets of a process share a connection.
      forceNew: true,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
    await promise;
    let received = 0;
    socket.on("item", ({ n }: Answer) => {
      if (n === received) received++;
    });
    return {
      call: (question) => socket.emitWithAck("answer", question),
      echo: async (payload) => {
        const back = await socket.emitWithAck("echo", payload);
        return back instanceof Uint8Array ? back : new Uint8Array(back);
      },
      receive: async (count) => {
        received = 0;
        await socket.emitWithAck("answers", count);
        checkCount(received, count);
      },
      hang: () => socket.emitWithAck("hang", null),
      [Symbol.asyncDispose]: () => {
        socket.disconnect();
        return Promise.resolve();
      },
    };
  },
};
