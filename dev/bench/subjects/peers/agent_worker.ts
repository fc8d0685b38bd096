/**
 * denomas itself, for comparing with comlink: an agent in a Worker, which a
 * container has spawned there, with JSON over TCP between the threads.
 *
 * @module
 */
import { addressOf, Container, spawnContainer } from "@denomas/denomas/agent";
import type { Answerer } from "./_answerer.ts";
import type { Peer } from "./_peer.ts";
import { takeAnswers } from "./_work.ts";

/** An agent in a Worker. */
export const agentWorker: Peer = {
  name: "agent-worker",
  transports: ["tcp", "unix"],
  place: "worker",
  serve: async (address) => {
    const parent = await Container.create("tcp://127.0.0.1:0");
    const spawned = await spawnContainer(parent, {
      kind: "worker",
      address,
      modules: { answerer: import.meta.resolve("./_answerer.ts") },
    });
    const answerer = await spawned.spawn<Answerer>("answerer:Answerer");
    return {
      address: addressOf(answerer),
      [Symbol.asyncDispose]: async () => {
        await spawned.close();
        await parent.close();
      },
    };
  },
  connect: async (address) => {
    const container = await Container.create(
      `local://bench-${crypto.randomUUID()}`,
    );
    const answerer = await container.connect<Answerer>(address);
    return {
      call: (question) => answerer.answer(question),
      echo: (payload) => answerer.echo(String(payload)),
      receive: async (count) => {
        await takeAnswers(await answerer.answers(count), count);
      },
      hang: () => answerer.hang(),
      [Symbol.asyncDispose]: () => container.close(),
    };
  },
};
