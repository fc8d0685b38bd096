/**
 * @nats-io/transport-node 3.4.0 (npm, Apache-2.0) with a nats-server of this
 * machine (measured with Debian's 2.9.10, Apache-2.0): request and reply, JSON
 * over TCP, from client to server to responder and back.
 *
 * Set up as the README of @nats-io/nats-core says: replies from a callback
 * ("Services: Request/Reply", "Async vs. Callbacks"), and `noAsyncTraces`, which it recommends for speed
 * ("Connection Options"). The client sets no-delay by itself. A stream is many
 * replies to a request, the last of them empty.
 *
 * The nats-server is a process beside the responder's, so that its CPU time is
 * not that of the process that serves.
 *
 * Left off: flow control in streams, which core NATS does not have, JetStream,
 * headers, queue groups. A call under way outlives the connection for as long
 * as the client tries to connect anew, some 20 s, or the responder alone is
 * gone: it then ends after ten minutes.
 *
 * @module
 */
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { type Answer, answer, type Question } from "../subject.ts";
import {
  type NatsServer,
  noNatsServer,
  startNatsServer,
} from "./_nats_server.ts";
import { load } from "./_load.ts";
import type { Peer } from "./_peer.ts";
import { tcpPlace } from "./_sockets.ts";
import { nthAnswer, takeAnswers } from "./_work.ts";

const LONGEST_CALL_MS = 600_000;

/** Requests over NATS. */
export const nats: Peer = {
  name: "nats",
  payload: "bytes",
  missing: noNatsServer,
  serve: async (address) => {
    const { host, port } = tcpPlace(address);
    const server = await startNatsServer(host, port);
    const responder = await connectTo(server);
    respond(responder);
    await responder.flush();
    return {
      address: `tcp://${server.host}:${server.port}`,
      [Symbol.asyncDispose]: async () => {
        await responder.close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
  connect: async (address) => {
    const connection = await connectTo(tcpPlace(address));
    const options = { timeout: LONGEST_CALL_MS };
    return {
      call: async (question) => {
        const text = JSON.stringify(question);
        return (await connection.request("answer", text, options)).json();
      },
      echo: async (payload) => {
        return (await connection.request("echo", payload, options)).data;
      },
      receive: async (count) => {
        const replies = await connection.requestMany("answers", String(count), {
          strategy: "sentinel",
          maxWait: LONGEST_CALL_MS,
        });
        await takeAnswers(answersIn(replies), count);
      },
      hang: () => connection.request("hang", "", options),
      [Symbol.asyncDispose]: () => connection.close(),
    };
  },
};

async function connectTo(
  { host, port }: Pick<NatsServer, "host" | "port">,
): Promise<NatsConnection> {
  const { connect } = await load("@nats-io/transport-node");
  return await connect({ servers: `${host}:${port}`, noAsyncTraces: true });
}

function respond(connection: NatsConnection): void {
  const on = (subject: string, reply: (message: Msg) => void) =>
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) throw error;
        reply(message);
      },
    });
  on("answer", (message) => {
    message.respond(JSON.stringify(answer(message.json<Question>())));
  });
  on("echo", (message) => message.respond(message.data));
  on("answers", (message) => {
    const count = Number(message.string());
    for (let n = 0; n < count; n++) {
      message.respond(JSON.stringify(nthAnswer(n)));
    }
    message.respond();
  });
  on("hang", () => {});
}

async function* answersIn(replies: AsyncIterable<Msg>): AsyncGenerator<Answer> {
  for await (const message of replies) {
    if (message.data.length > 0) yield message.json<Answer>();
  }
}
