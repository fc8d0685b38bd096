/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over WebSockets: `capnweb` over those
 * of ws 8.23.0 (npm, MIT), `capnweb-deno` over Deno's own.
 *
 * Set up as in its README: "HTTP server on Node.js" and "HTTP server on Deno"
 * for the servers, and `newWebSocketRpcSession` for the clients. A stream is a
 * `ReadableStream` that a method returns ("Streaming with flow control"). The
 * WebSocket of ws sets no-delay; that of Deno's clients does not. There a call
 * takes about 44 ms on Linux, because the second of its two messages waits for
 * a delayed acknowledgement.
 *
 * Left out: HTTP batches, pipelining, and disposing of results, which would
 * free the stubs in them: there are none.
 *
 * @module
 */
import { once } from "node:events";
import { echo, hang, items, takeItems } from "../_methods.ts";
import {
  type Answer,
  answer,
  type Caller,
  type Question,
  type Subject,
} from "../subject.ts";
import { load } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";
import {
  closeWebSocket,
  openWebSocket,
  serveWebSockets,
  webSocketUrl,
} from "./_web_sockets.ts";

interface Methods {
  answer(question: Question): Answer;
  echo(payload: string): string;
  hang(): Promise<string>;
  answers(count: number): ReadableStream<Answer>;
}

/** Methods called with capnweb, over WebSockets of ws and of Deno. */
export const capnwebs: readonly Subject[] = [
  {
    name: "capnweb",
    serve: async (address) => {
      const start = await starter();
      return await serveWebSockets(address, (server) => {
        server.on("connection", start);
      });
    },
    connect: async (address) => connected(await openWebSocket(address)),
  },
  {
    name: "capnweb-deno",
    serve: async (address) => {
      const start = await starter();
      const { host, port } = tcpPlace(address);
      const sockets = new Set<WebSocket>();
      const server = Deno.serve(
        { hostname: host, port, onListen: () => {} },
        (request) => {
          const { socket, response } = Deno.upgradeWebSocket(request);
          sockets.add(socket);
          start(socket);
          return response;
        },
      );
      return {
        address: `tcp://${server.addr.hostname}:${server.addr.port}`,
        [Symbol.asyncDispose]: async () => {
          await Promise.all([...sockets].map(closeWebSocket));
          await server.shutdown();
        },
      };
    },
    connect: async (address) => {
      const socket = new WebSocket(webSocketUrl(address));
      await once(socket, "open");
      return await connected(socket);
    },
  },
];

/** Returns a function that serves a WebSocket. */
async function starter(): Promise<(socket: WebSocket) => void> {
  const { newWebSocketRpcSession, RpcTarget } = await load("capnweb");
  class Greeter extends RpcTarget implements Methods {
    answer(question: Question): Answer {
      return answer(question);
    }
    echo(payload: string): string {
      return echo(payload);
    }
    hang(): Promise<string> {
      return hang();
    }
    answers(count: number): ReadableStream<Answer> {
      return ReadableStream.from(items(count));
    }
  }
  return (socket) => void newWebSocketRpcSession(socket, new Greeter());
}

async function connected(socket: WebSocket): Promise<Caller> {
  const { newWebSocketRpcSession } = await load("capnweb");
  const greeter = newWebSocketRpcSession<Methods>(socket);
  return {
    call: async (question) => await greeter.answer(question),
    echo: async (payload) => await greeter.echo(String(payload)),
    receive: async (count) => takeItems(await greeter.answers(count), count),
    hang: async () => await greeter.hang(),
    [Symbol.asyncDispose]: async () => {
      greeter[Symbol.dispose]();
      await closeWebSocket(socket);
    },
  };
}
