import { Agent, Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";
import { CODECS, type MeasuredCodec } from "./_codecs.ts";
import { echo, hang, items, takeItems } from "./_methods.ts";
import {
  type Answer,
  answer,
  type Question,
  SERVER_LIMITS,
  type Subject,
} from "./subject.ts";

/** The agent that is called. */
export class Answerer extends Agent {
  @expose
  answer(question: Question): Answer {
    return answer(question);
  }

  @expose
  echo(payload: string | Uint8Array): string | Uint8Array {
    return echo(payload);
  }

  @expose
  items(count: number): AsyncGenerator<Answer> {
    return items(count);
  }

  @expose({ concurrent: true })
  hang(): Promise<never> {
    return hang();
  }
}

/**
 * Subjects that call an agent's method through a proxy over a channel, by
 * codec.
 */
export const agents: readonly Subject[] = CODECS.map(agentWith);

function agentWith({ suffix, payload, codec }: MeasuredCodec): Subject {
  return {
    name: `agent${suffix}`,
    payload,
    serve: async (address) => {
      const container = await Container.create(address, {
        codec,
        limits: SERVER_LIMITS,
      });
      const { address: agentAddress } = await container.spawn(Answerer);
      return {
        address: agentAddress,
        [Symbol.asyncDispose]: () => container.close(),
      };
    },
    connect: async (address) => {
      const container = await Container.create(
        `local://bench-${crypto.randomUUID()}`,
        { codec },
      );
      const remote = await container.connect<Answerer>(address);
      return {
        call: (question) => remote.answer(question),
        echo: (payload) => remote.echo(payload),
        receive: async (count) => takeItems(await remote.items(count), count),
        hang: () => remote.hang(),
        [Symbol.asyncDispose]: () => container.close(),
      };
    },
  };
}
