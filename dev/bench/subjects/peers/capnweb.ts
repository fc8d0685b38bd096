/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over a WebSocket, which is that of
 * ws 8.23.0 (npm, MIT) at the client.
 *
 * Set up as its README says: "HTTP server on Deno" for the server, and
 * `newWebSocketRpcSession` for the client. A stream is a `ReadableStream` that
 * a method returns ("Streaming with flow control"). The README names ws for
 * Node; it sets no-delay, which Deno's own WebSocket does not: with that one a
 * call takes some 44 ms on Linux, for the second of its two messages waits for
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
  type Question,
  type Subject,
} from "../subject.ts";
import { load } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";

interface Methods {
  answer(question: Question): Answer;
  echo(payload: string): string;
  hang(): Promise<string>;
  answers(count: number): ReadableStream<Answer>;
}

/** Methods by capnweb, over the WebSocket of ws. */
export const capnweb: Subject = {
  name: "capnweb",
  serve: async (address) => {
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
    const { host, port } = tcpPlace(address);
    const sockets = new Set<WebSocket>();
    const server = Deno.serve(
      { hostname: host, port, onListen: () => {} },
      (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        sockets.add(socket);
        newWebSocketRpcSession(socket, new Greeter());
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
    const { newWebSocketRpcSession } = await load("capnweb");
    const { WebSocket } = await load("ws");
    const { host, port } = tcpPlace(address);
    const socket = new WebSocket(`ws://${host}:${port}`);
    await once(socket as unknown as EventTarget, "open");
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
  },
};

async function closeWebSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.addEventListener("close", () => resolve(), { once: true });
  socket.close();
  await promise;
}
