/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over a WebSocket.
 *
 * Set up as its README says: "HTTP server on Deno" for the server, and
 * `newWebSocketRpcSession` for the client. A stream is a `ReadableStream` that
 * a method returns ("Streaming with flow control").
 *
 * A call is two messages. Deno's own WebSocket leaves Nagle's algorithm on and
 * has no option for it, so that the second one waits for the other side's
 * delayed acknowledgement: 44 ms a call on Linux. `capnweb` has the client's
 * WebSocket of ws 8.23.0 (npm, MIT), which that README names for Node and
 * which sets no-delay; `capnweb-deno` has Deno's.
 *
 * Left off: HTTP batches, pipelining, and disposing of results, which frees
 * the stubs in them, of which there are none.
 *
 * @module
 */
import {
  type Answer,
  answer,
  type Question,
  type Serving,
} from "../subject.ts";
import { load } from "./_load.ts";
import type { Peer, PeerCaller } from "./_peer.ts";
import {
  closeWebSocket,
  connectWebSocket,
  type OpenWebSocket,
  serveWebSockets,
} from "./_web_sockets.ts";
import { echo, hang, nthAnswer, takeAnswers } from "./_work.ts";

/** Methods by capnweb, over the WebSocket of ws. */
export const capnweb: Peer = capnwebOver("capnweb", async (url) => {
  const { WebSocket } = await load("ws");
  return new WebSocket(url);
});

/** Methods by capnweb, over Deno's WebSocket. */
export const capnwebDeno: Peer = capnwebOver(
  "capnweb-deno",
  (url) => new WebSocket(url),
);

function capnwebOver(name: string, open: OpenWebSocket): Peer {
  return {
    name,
    serve,
    connect: (address) => connect(address, open),
  };
}

async function serve(address: string): Promise<Serving> {
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
      return ReadableStream.from(answersUpTo(count));
    }
  }

  return serveWebSockets(address, (socket) => {
    newWebSocketRpcSession(socket, new Greeter());
  });
}

async function connect(
  address: string,
  open: OpenWebSocket,
): Promise<PeerCaller> {
  const { newWebSocketRpcSession } = await load("capnweb");
  const socket = await connectWebSocket(address, open);
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
}

interface Methods {
  answer(question: Question): Answer;
  echo(payload: string): string;
  hang(): Promise<string>;
  answers(count: number): ReadableStream<Answer>;
}

function* answersUpTo(count: number): Generator<Answer> {
  for (let n = 0; n < count; n++) yield nthAnswer(n);
}
