/**
 * @nats-io/transport-node 3.4.0 (npm, Apache-2.0), by requests through
 * `nats-server`, a process of its own on the server's core.
 *
 * Set up as in the README of `@nats-io/nats-core`: the service answers in a
 * callback of a subscription, and the client calls `request`, which shares one
 * inbox for all replies. Messages are JSON, payloads bytes. A stream is
 * `requestMany` until an empty message ("sentinel"). Each message goes through
 * the server, so it crosses two sockets.
 *
 * `apt-get install nats-server` installs the server on Debian.
 *
 * Left out: JetStream, groups of subscribers, TLS.
 *
 * @module
 */
import {
  missingNats,
  NatsServer,
} from "../../../../extras/nats/fixtures/server.ts";
import { checkCount, nthAnswer } from "../_methods.ts";
import { type Answer, answer, type Subject } from "../subject.ts";
import { load } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const encode = (value: unknown) => encoder.encode(JSON.stringify(value));

/** Longer than any run. */
const TIMEOUT_MS = 60_000;

/** Requests sent with NATS. */
export const nats: Subject = {
  name: "nats",
  payload: "bytes",
  missing: () => Promise.resolve(missingNats),
  serve: async () => {
    const server = await NatsServer.start({ config: "max_payload: 8388608" });
    const connection = await open(server.url.replace("nats:", "tcp:"));
    connection.subscribe("answer", {
      callback: (_error, message) =>
        void message.respond(encode(answer(message.json()))),
    });
    connection.subscribe("echo", {
      callback: (_error, message) => void message.respond(message.data),
    });
    connection.subscribe("answers", {
      callback: (_error, message) => {
        const count = message.json<number>();
        for (let n = 0; n < count; n++) message.respond(encode(nthAnswer(n)));
        message.respond();
      },
    });
    connection.subscribe("hang", { callback: () => {} });
    await connection.flush();
    let closing: Promise<void> | undefined;
    return {
      address: server.url.replace("nats:", "tcp:"),
      [Symbol.asyncDispose]: () =>
        closing ??= (async () => {
          await connection.close();
          await server[Symbol.asyncDispose]();
        })(),
    };
  },
  connect: async (address) => {
    const connection = await open(address);
    const ask = (subject: string, data: Uint8Array) =>
      connection.request(subject, data, { timeout: TIMEOUT_MS });
    return {
      call: async (question) => (await ask("answer", encode(question))).json(),
      echo: async (payload) => (await ask("echo", payload as Uint8Array)).data,
      receive: async (count) => {
        let received = 0;
        const replies = await connection.requestMany("answers", encode(count), {
          strategy: "sentinel",
          maxWait: TIMEOUT_MS,
        });
        for await (const reply of replies) {
          if (reply.data.length === 0) break;
          const { n } = JSON.parse(decoder.decode(reply.data)) as Answer;
          if (n === received) received++;
        }
        checkCount(received, count);
      },
      hang: () => ask("hang", encode(null)),
      [Symbol.asyncDispose]: () => connection.close(),
    };
  },
};

async function open(address: string) {
  const { connect } = await load("@nats-io/transport-node");
  const { host, port } = tcpPlace(address);
  return await connect({ servers: `${host}:${port}`, reconnect: false });
}
