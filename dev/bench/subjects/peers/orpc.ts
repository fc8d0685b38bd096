/**
 * oRPC 1.16.1 (npm, MIT), over WebSockets of ws 8.23.0 (npm, MIT).
 *
 * Set up as in its docs ("WebSocket Adapters"): `RPCHandler` of
 * `@orpc/server/ws` on a server of ws, and `RPCLink` of
 * `@orpc/client/websocket` over a WebSocket of ws. A stream is an event
 * iterator, which a generator returns.
 *
 * Left out: validation of arguments, and HTTP.
 *
 * @module
 */
import { echo, hang, items, takeItems } from "../_methods.ts";
import {
  type Answer,
  answer,
  type Question,
  type Subject,
} from "../subject.ts";
import { load } from "./_load.ts";
import {
  closeWebSocket,
  openWebSocket,
  serveWebSockets,
} from "./_web_sockets.ts";

/** The methods of a client for the router below. */
interface Client {
  answer(question: Question): Promise<Answer>;
  echo(payload: string): Promise<string>;
  hang(): Promise<string>;
  answers(count: number): Promise<AsyncIterable<Answer>>;
}

/** Procedures called with oRPC. */
export const orpc: Subject = {
  name: "orpc",
  serve: async (address) => {
    const { os } = await load("@orpc/server");
    const { RPCHandler } = await load("@orpc/server/ws");
    const handler = new RPCHandler({
      answer: os.handler(({ input }) => answer(input as Question)),
      echo: os.handler(({ input }) => echo(input as string)),
      hang: os.handler(() => hang()),
      answers: os.handler(({ input }) => items(input as number)),
    });
    return await serveWebSockets(address, (server) => {
      server.on("connection", (socket) => handler.upgrade(socket as never));
    });
  },
  connect: async (address) => {
    const { createORPCClient } = await load("@orpc/client");
    const { RPCLink } = await load("@orpc/client/websocket");
    const websocket = await openWebSocket(address);
    const client = createORPCClient(
      new RPCLink({ websocket }),
    ) as unknown as Client;
    return {
      call: (question) => client.answer(question),
      echo: (payload) => client.echo(String(payload)),
      hang: () => client.hang(),
      receive: async (count) => takeItems(await client.answers(count), count),
      [Symbol.asyncDispose]: () => closeWebSocket(websocket),
    };
  },
};
