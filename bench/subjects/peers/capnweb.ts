/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over a WebSocket.
 *
 * Set up as its README says: "HTTP server on Deno" for the server, and
 * `newWebSocketRpcSession` for the client. A stream is a `ReadableStream` that
 * a method returns ("Streaming with flow control").
 *
 * Left off: HTTP batches, pipelining, and disposing of results, which frees
 * the stubs in them, of which there are none.
 *
 * @module
 */
import { type Answer, answer, type Question } from "../subject.ts";
import type { Peer } from "./_peer.ts";
import {
  closeWebSocket,
  connectWebSocket,
  serveWebSockets,
} from "./_web_sockets.ts";
import { echo, hang, nthAnswer, takeAnswers } from "./_work.ts";

/** Methods by capnweb. */
export const capnweb: Peer = {
  name: "capnweb",
  serve: async (address) => {
    const { newWebSocketRpcSession, RpcTarget } = await import("capnweb");

    class Greeter extends RpcTarget {
      answer(question: Question): Answer {
        return answer(question);
      }
      echo(payload: string): string {
        return echo(payload);
      }
      hang(): Promise<never> {
        return hang();
      }
      answers(count: number): ReadableStream<Answer> {
        return ReadableStream.from(answersUpTo(count));
      }
    }

    return serveWebSockets(address, (socket) => {
      newWebSocketRpcSession(socket, new Greeter());
    });
  },
  connect: async (address) => {
    const { newWebSocketRpcSession } = await import("capnweb");
    const socket = await connectWebSocket(address);
    const greeter = newWebSocketRpcSession<Methods>(socket);
    return {
      call: async (question) => await greeter.answer(question),
      echo: async (payload) => await greeter.echo(String(payload)),
      receive: async (count) => {
        await takeAnswers(await greeter.answers(count), count);
      },
      hang: async () => await greeter.hang(),
      [Symbol.asyncDispose]: async () => {
        greeter[Symbol.dispose]();
        await closeWebSocket(socket);
      },
    };
  },
};

interface Methods {
  answer(question: Question): Answer;
  echo(payload: string): string;
  hang(): Promise<string>;
  answers(count: number): ReadableStream<Answer>;
}

function* answersUpTo(count: number): Generator<Answer> {
  for (let n = 0; n < count; n++) yield nthAnswer(n);
}
