/**
 * Moleculer 0.15.2 with nats 2.29.3 (npm, MIT and Apache-2.0), by JSON through
 * `nats-server`, a process of its own on the server's core.
 *
 * Set up as in its docs: a `ServiceBroker` on each side, one of which has a
 * service with actions. Its own TCP transporter listens on all interfaces and
 * finds nodes by gossip, which takes seconds; its docs recommend NATS for
 * production. Its logger is off.
 *
 * Left out: streams, which it sends as buffers of Node instead of items;
 * caching, circuit breakers, validation of arguments.
 *
 * @module
 */
import {
  missingNats,
  NatsServer,
} from "../../../../extras/nats/fixtures/server.ts";
import { echo, hang } from "../_methods.ts";
import { answer, type Question, type Subject } from "../subject.ts";
import { load } from "./_load.ts";

/** Actions called with Moleculer. */
export const moleculer: Subject = {
  name: "moleculer",
  missing: () => Promise.resolve(missingNats),
  serve: async () => {
    const server = await NatsServer.start({ config: "max_payload: 8388608" });
    const broker = await open("server", server.url, {
      name: "greeter",
      actions: {
        answer: ({ params }) => answer(params as Question),
        echo: ({ params }) => echo(params),
        hang: () => hang(),
      },
    });
    let closing: Promise<void> | undefined;
    return {
      address: server.url.replace("nats:", "tcp:"),
      [Symbol.asyncDispose]: () =>
        closing ??= (async () => {
          await broker.stop();
          await server[Symbol.asyncDispose]();
        })(),
    };
  },
  connect: async (address) => {
    const broker = await open(
      `client-${crypto.randomUUID()}`,
      address.replace("tcp:", "nats:"),
    );
    await broker.waitForServices("greeter");
    return {
      call: (question) => broker.call("greeter.answer", question),
      echo: async (payload) => {
        const { text } = await broker.call<Text, Text>("greeter.echo", {
          text: payload,
        });
        return text;
      },
      hang: () => broker.call("greeter.hang"),
      [Symbol.asyncDispose]: () => broker.stop(),
    };
  },
};

interface Text {
  readonly text: unknown;
}

interface Service {
  readonly name: string;
  readonly actions: Readonly<
    Record<string, (context: { readonly params: unknown }) => unknown>
  >;
}

async function open(nodeID: string, url: string, service?: Service) {
  // Moleculer requires this package when it connects.
  await load("nats");
  const { ServiceBroker } = await load("moleculer");
  const broker = new ServiceBroker({
    nodeID,
    transporter: { type: "NATS", options: { url } },
    logger: false,
    requestTimeout: 0,
  });
  if (service !== undefined) broker.createService(service);
  await broker.start();
  return broker;
}
