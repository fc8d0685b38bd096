import { call } from "../../rpc/call.ts";
import {
  fromFailure,
  holdsStream,
  passOn,
  toFailureRecord,
} from "../../rpc/internal.ts";
import type { Caller, CallTerms } from "../../rpc/internal.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { CallOptions } from "../../rpc/call.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import { parseAgentAddress } from "../address.ts";
import type { Answer, GroupMessage } from "./contract.ts";
import { isAgentNotFound } from "../messages/_agent_not_found.ts";
import { Arrivals } from "../messages/_arrivals.ts";

/** The answer of a member as it travels: its address, and a value or a failure. */
export type ToldAnswer = readonly [
  member: string,
  kind: "value" | "failure",
  content: unknown,
];

/** The parts of a container that reach its agents. */
export interface AgentAccess {
  readonly context: {
    /** Returns a number from 0 up to 1. */
    readonly random: () => number;
  };
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

  /**
   * Calls one member here. Returns `null` if the call has not run, since there is
   * none, or it is away.
   */
  @expose
  async callOne(
    group: string,
    path: string,
    args: unknown[],
  ): Promise<ToldAnswer | null> {
    const { signal } = call();
    const left = [...this.members.get(group) ?? []];
    while (left.length > 0) {
      const at = Math.floor(this.#internals.context.random() * left.length);
      const [member] = left.splice(at, 1);
      try {
        const value = await this.#call(member!, path, args, { signal });
        return [member!, "value", value];
      } catch (error) {
        const { id } = parseAgentAddress(member!);
        if (isAgentNotFound(error, id) && !holdsStream(args)) continue;
        return [member!, "failure", failureOf(error)];
      }
    }
    return null;
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

/** Returns what an answer that has travelled says. */
export function readAnswer([member, kind, content]: ToldAnswer): Answer {
  return kind === "value"
    ? { member, value: content }
    : { member, error: fromFailure(content, member) };
}

/** The containers that have members, as {@linkcode callOneOf} asks them. */
type Parties = readonly Pick<Remote<GroupReceiver>, "callOne">[];

/** Calls one member in one of these containers, which come in a random order. */
export async function callOneOf(
  parties: Parties,
  { group, path, args }: GroupMessage,
): Promise<ToldAnswer> {
  let cause: unknown;
  for (const party of parties) {
    try {
      const told = await party.callOne(group, path, [...args]);
      if (told !== null) return told;
    } catch (error) {
      cause = error;
      const isUnsent = error instanceof ConnectError ||
        (error instanceof ConnectionClosedError && !error.sent);
      if (!isUnsent || holdsStream(args)) throw error;
    }
  }
  throw new AgentNotFoundError(
    `Cannot call one of the group '${group}': it has no member that can be reached`,
    { cause },
  );
}

/** Returns these items in a random order. */
export function shuffled<T>(
  items: Iterable<T>,
  random: () => number,
): readonly T[] {
  return Array.from(items, (item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** Returns an error in the form in which it travels. */
export function failureOf(error: unknown): unknown {
  // What came over a connection can be sent over another one.
  const options = { stacks: false, causes: false, refusalOf: () => null };
  return toFailureRecord(passOn(error), options);
}
