import { Agent } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";
import { type Answer, answer, type Question } from "../subject.ts";
import { echo, hang, nthAnswer } from "./_work.ts";

/** The agent that a Worker loads. */
export class Answerer extends Agent {
  /** Answers. */
  @expose
  answer(question: Question): Answer {
    return answer(question);
  }

  /** Sends back what it gets. */
  @expose
  echo(payload: string): string {
    return echo(payload);
  }

  /** Never answers. */
  @expose
  hang(): Promise<never> {
    return hang();
  }

  /** Streams `count` answers. */
  @expose
  async *answers(count: number): AsyncGenerator<Answer> {
    for (let n = 0; n < count; n++) yield nthAnswer(n);
  }
}
