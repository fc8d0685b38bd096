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

/**
 * The wire form of a member's answer: its address, and a value or a failure.
 */
export type ToldAnswer = readonly [
  member: string,
  kind: "value" | "failure",
  content: unknown,
];

/** The parts of a container that give access to its agents. */
export interface AgentAccess {
  readonly context: {
    /** Returns a random number in [0, 1). */
    readonly random: () => number;
  };
  readonly links: {
    /** Returns the route to the agent at `address`. */
    route(address: string): Promise<{ readonly caller: Caller }>;
  };
  readonly supervisor: {
    /** Resolves when the agent runs; `null` if it is not starting. */
    starting(address: string): Promise<void> | null;
  };
}

/** Receives group messages for the members in one container. */
export class GroupReceiver {
  readonly #internals: AgentAccess;
  /** The members in this container, by group. */
  readonly members: Map<string, Set<string>> = new Map();

  /** The connection of the container to itself. */
  #own: Promise<{ readonly caller: Caller }> | null = null;

  /** `internals` belong to the container of the members. */
  constructor(internals: AgentAccess) {
    this.#internals = internals;
  }

  /** Calls all members in this container, and ignores the results. */
  @expose
  publish(group: string, path: string, args: unknown[]): void {
    const terms: CallTerms = { isOneWay: true };
    for (const member of this.members.get(group) ?? []) {
      this.#call(member, path, args, terms).catch(() => {});
    }
  }

  /**
   * Calls all members in this container, and yields their answers as they
   * arrive.
   */
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
   * Calls one member in this container. Returns `null` if the call has not run,
   * because there is no member, or all are away.
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
    // The member may have joined in its `onStart`.
    const starting = supervisor.starting(member);
    if (starting !== null) await starting;
    // All calls await the same promise, so that messages keep their order.
    const { caller } = await (this.#own ??= links.route(member));
    const { id } = parseAgentAddress(member);
    return await caller.call(`agents/${id}/${path}`, args, options);
  }
}

/** Decodes the wire form of an answer. */
export function readAnswer([member, kind, content]: ToldAnswer): Answer {
  return kind === "value"
    ? { member, value: content }
    : { member, error: fromFailure(content, member) };
}

/** The containers with members, as used by {@linkcode callOneOf}. */
type Parties = readonly Pick<Remote<GroupReceiver>, "callOne">[];

/**
 * Calls one member in one of these containers. The caller has shuffled them.
 */
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

/** Returns the items in random order. */
export function shuffled<T>(
  items: Iterable<T>,
  random: () => number,
): readonly T[] {
  return Array.from(items, (item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** Returns the wire form of an error. */
export function failureOf(error: unknown): unknown {
  // An error that came over one connection can be sent over another.
  const options = { stacks: false, causes: false, refusalOf: () => null };
  return toFailureRecord(passOn(error), options);
}
