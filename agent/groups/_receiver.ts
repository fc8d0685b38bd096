import { call } from "../../rpc/call.ts";
import { passOn, toFailureRecord } from "../../rpc/internal.ts";
import type { Caller, CallTerms } from "../../rpc/internal.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { CallOptions } from "../../rpc/call.ts";
import { parseAgentAddress } from "../address.ts";
import { Arrivals } from "../messages/_arrivals.ts";

/** The answer of a member as it travels: its address, and a value or a failure. */
export type ToldAnswer = readonly [
  member: string,
  kind: "value" | "failure",
  content: unknown,
];

/** The parts of a container that reach its agents. */
export interface AgentAccess {
  readonly links: {
    /** Returns how to call the agent at `address`. */
    route(address: string): Promise<{ readonly caller: Caller }>;
  };
  readonly supervisor: {
    /** Resolves when the agent runs; `null` if it is not starting. */
    starting(address: string): Promise<void> | null;
  };
}

/** Takes the messages of groups for the members in one container. */
export class GroupReceiver {
  readonly #internals: AgentAccess;
  /** The members here, by group. */
  readonly members: Map<string, Set<string>> = new Map();

  /** The connection of the container to itself. */
  #own: Promise<{ readonly caller: Caller }> | null = null;

  /** `internals` are those of the container. */
  constructor(internals: AgentAccess) {
    this.#internals = internals;
  }

  /** Calls all members here, and ignores what comes of it. */
  @expose
  publish(group: string, path: string, args: unknown[]): void {
    const terms: CallTerms = { isOneWay: true };
    for (const member of this.members.get(group) ?? []) {
      this.#call(member, path, args, terms).catch(() => {});
    }
  }

  /** Calls all members here, and yields their answers as they come. */
  @expose
  ask(
    group: string,
    path: string,
    args: unknown[],
  ): AsyncGenerator<ToldAnswer, void> {
    const { signal } = call();
    const answers = new Arrivals<ToldAnswer>();
    for (const member of this.members.get(group) ?? []) {
      answers.add(async (push) => {
        try {
          const options = { signal };
          push([
            member,
            "value",
            await this.#call(member, path, args, options),
          ]);
        } catch (error) {
          push([member, "failure", failureOf(error)]);
        }
      });
    }
    return answers.all(signal);
  }

  async #call(
    member: string,
    path: string,
    args: unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { links, supervisor } = this.#internals;
    // It may have joined in its `onStart`.
    const starting = supervisor.starting(member);
    if (starting !== null) await starting;
    // The same promise for all, so that messages keep their order.
    const { caller } = await (this.#own ??= links.route(member));
    const { id } = parseAgentAddress(member);
    return await caller.call(`agents/${id}/${path}`, args, options);
  }
}

/** Returns an error in the form in which it travels. */
export function failureOf(error: unknown): unknown {
  // What came over a connection can be sent over another one.
  const options = { stacks: false, causes: false, refusalOf: () => null };
  return toFailureRecord(passOn(error), options);
}
