/**
 * vscode-jsonrpc 10.0.0 (npm, MIT), by JSON-RPC over sockets of `node:net`.
 *
 * Set up as in its README: `createMessageConnection` over its own reader and
 * writer for sockets. No-delay is on, since it writes header and body of a
 * message separately. A stream uses partial results as in LSP: progress under a
 * token, then the answer.
 *
 * Left out: cancellation. Pending calls do not end when the connection is lost:
 * its README shows no way to do that, although `dispose` would.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { MessageConnection } from "npm:vscode-jsonrpc@10.0.0/node";
import { checkCount, echo, hang, nthAnswer } from "../_methods.ts";
import { type Answer, answer, type Subject } from "../subject.ts";
import { load } from "./_load.ts";
import { connectSocket, cutSocket, serveSockets } from "./_sockets.ts";

/** Requests sent with vscode-jsonrpc. */
export const vscodeJsonrpc: Subject = {
  name: "vscode-jsonrpc",
  serve: async (address) => {
    const { open, progress } = await opener();
    return await serveSockets(address, (socket) => {
      const connection = open(socket);
      connection.onRequest("answer", answer);
      connection.onRequest("echo", ({ payload }: Echo) => echo(payload));
      connection.onRequest("hang", hang);
      connection.onRequest("answers", async ({ count, token }: Stream) => {
        for (let n = 0; n < count; n++) {
          await connection.sendProgress(progress, token, nthAnswer(n));
        }
        return null;
      });
      connection.onClose(() => connection.dispose());
      connection.listen();
    });
  },
  connect: async (address) => {
    const { open, progress } = await opener();
    const socket = await connectSocket(address);
    const connection = open(socket);
    connection.listen();
    let streams = 0;
    return {
      call: (question) => connection.sendRequest("answer", question),
      echo: async (payload) => {
        return await connection.sendRequest("echo", { payload });
      },
      receive: async (count) => {
        const token = streams++;
        let received = 0;
        const heard = connection.onProgress(
          progress,
          token,
          ({ n }) => {
            if (n === received) received++;
          },
        );
        await connection.sendRequest("answers", { count, token });
        heard.dispose();
        checkCount(received, count);
      },
      hang: () => connection.sendRequest("hang"),
      [Symbol.asyncDispose]: async () => {
        connection.dispose();
        await cutSocket(socket);
      },
    };
  },
};

interface Echo {
  readonly payload: string;
}

interface Stream {
  readonly count: number;
  readonly token: number;
}

async function opener() {
  const library = await load("vscode-jsonrpc/node");
  return {
    open: (socket: Socket): MessageConnection =>
      library.createMessageConnection(
        new library.SocketMessageReader(socket),
        new library.SocketMessageWriter(socket),
      ),
    progress: new library.ProgressType<Answer>(),
  };
}
