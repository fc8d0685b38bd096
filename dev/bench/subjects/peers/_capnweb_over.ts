import {
  type Answer,
  answer,
  type Caller,
  type Question,
  type Serving,
} from "../subject.ts";
import { load } from "./_load.ts";
import type { Peer } from "./_peer.ts";
import {
  closeWebSocket,
  connectWebSocket,
  type OpenWebSocket,
  serveWebSockets,
} from "./_web_sockets.ts";
import { echo, hang, nthAnswer, takeAnswers } from "./_work.ts";

/** capnweb, over the WebSocket that `open` makes for its client. */
export function capnwebOver(name: string, open: OpenWebSocket): Peer {
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
): Promise<Caller> {
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
