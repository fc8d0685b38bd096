/**
 * kkrpc 0.2.2 (npm, MIT), by JSON over a WebSocket.
 *
 * Set up as its README says: `RPCChannel` over the WebSocket adapters that it
 * brings, with `serialization: { version: "json" }`, the faster of the two
 * that "Serialization" names. Its adapter for streams (`NodeIo`) is no choice
 * over sockets: it listens anew for each piece and loses what comes between.
 *
 * Left off: streams, which it does not have, and calls back by functions that
 * are passed. Nothing ends the calls under way when the connection is lost,
 * which it prints on stderr.
 *
 * @module
 */
import { answer } from "../subject.ts";
import { load } from "./_load.ts";
import type { Peer } from "./_peer.ts";
import {
  closeWebSocket,
  serveWebSockets,
  webSocketUrl,
} from "./_web_sockets.ts";
import { echo, hang } from "./_work.ts";

const api = { answer, echo: echo<string>, hang };
type Api = Promised<typeof api>;

/** Each method, as it is called from afar. */
type Promised<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** Methods by kkrpc. */
export const kkrpc: Peer = {
  name: "kkrpc",
  serve: async (address) => {
    const { RPCChannel, WebSocketServerIO } = await load("kkrpc");
    return serveWebSockets(address, (socket) => {
      new RPCChannel(new WebSocketServerIO(socket), {
        expose: api,
        serialization: { version: "json" },
      });
    });
  },
  connect: async (address) => {
    const { RPCChannel, WebSocketClientIO } = await load("kkrpc");
    const io = new WebSocketClientIO({ url: webSocketUrl(address) });
    // Its 'destroy' closes the socket and does not tell when that is done.
    const { ws: socket } = io as unknown as { ws: WebSocket };
    const channel = new RPCChannel<Record<string, never>, Api>(io, {
      serialization: { version: "json" },
    });
    const remote = channel.getAPI();
    return {
      call: (question) => remote.answer(question),
      echo: (payload) => remote.echo(String(payload)),
      hang: () => remote.hang(),
      [Symbol.asyncDispose]: async () => {
        await closeWebSocket(socket);
      },
    };
  },
};
