import { Agent, Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";
import { type Answer, answer, type Question, type Subject } from "./subject.ts";

class Answerer extends Agent {
  @expose
  answer(question: Question): Answer {
    return answer(question);
  }
}

/** A method of an agent, called by an agent's proxy, over a channel with JSON. */
export const agent: Subject = {
  name: "agent",
  serve: async (address) => {
    const container = await Container.create(address);
    const { address: agentAddress } = await container.spawn(Answerer);
    return {
      address: agentAddress,
      [Symbol.asyncDispose]: () => container.close(),
    };
  },
  connect: async (address) => {
    const container = await Container.create(
      `local://bench-${crypto.randomUUID()}`,
    );
    const answerer = await container.connect<Answerer>(address);
    return {
      call: (question) => answerer.answer(question),
      [Symbol.asyncDispose]: () => container.close(),
    };
  },
};
