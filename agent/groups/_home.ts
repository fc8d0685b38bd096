import type { ConnectionChannel } from "../../channel/internal.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { call } from "../../rpc/call.ts";
import { channelOf } from "../../rpc/internal.ts";
import { keep, notify, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { parseAgentAddress } from "../address.ts";
import { Arrivals } from "../messages/_arrivals.ts";
import { world } from "../../transports/internal.ts";
import {
  callOneOf,
  failureOf,
  type GroupReceiver,
  shuffled,
  type ToldAnswer,
} from "./_receiver.ts";

/** The maximum length of a group name. */
const MAX_NAME_LENGTH = 256;

/** The memory of one member, in bytes. */
const MEMBER_BYTES = 1_024;

/** The members of one group in one container. */
interface ContainerMembers {
  readonly receiver: Remote<GroupReceiver> & Disposable;
  readonly members: Set<string>;
  /** Counts towards the budget of the container's connection. */
  readonly budget: Budget;
}

/** The members of one group, by the connections of their containers. */
type MembersByContainer = Map<ConnectionChannel, ContainerMembers>;

/**
 * The groups whose home is one container. Members stay as long as the
 * connections of their containers.
 */
export class GroupHome {
  readonly #groups = new Map<string, MembersByContainer>();

  /** The number of members in all groups. */
  get size(): number {
    let size = 0;
    for (const parties of this.#groups.values()) {
      for (const { members } of parties.values()) size += members.size;
    }
    return size;
  }

  /** Adds a member. Its container is called through `receiver`. */
  @expose
  join(group: string, address: string, receiver: Remote<GroupReceiver>): void {
    checkName(group);
    parseAgentAddress(address);
    const channel = channelOf(call());
    const parties: MembersByContainer = this.#groups.get(group) ?? new Map();
    const known = parties.get(channel);
    const budget = known?.budget ?? new Budget(Infinity, channel.budget);
    if (budget.exceededBy(MEMBER_BYTES) !== null) {
      throw new ServerBusyError(
        `Cannot join the group '${group}': its home holds too much for this container, try again later`,
      );
    }
    budget.hold(MEMBER_BYTES);
    if (known !== undefined) {
      if (known.members.has(address)) budget.release(MEMBER_BYTES);
      known.members.add(address);
      return;
    }
    const members = new Set([address]);
    parties.set(channel, { receiver: keep(receiver), members, budget });
    this.#groups.set(group, parties);
    channel.closed.then(() => this.#remove(group, channel));
  }

  /** Removes a member that joined on the same connection. */
  @expose
  leave(group: string, address: string): void {
    const channel = channelOf(call());
    const party = this.#groups.get(group)?.get(channel);
    if (party === undefined || !party.members.delete(address)) return;
    party.budget.release(MEMBER_BYTES);
    if (party.members.size === 0) this.#remove(group, channel);
  }

  #remove(group: string, channel: ConnectionChannel): void {
    const parties = this.#groups.get(group);
    const party = parties?.get(channel);
    if (parties === undefined || party === undefined) return;
    parties.delete(channel);
    if (parties.size === 0) this.#groups.delete(group);
    party.budget.end();
    party.receiver[Symbol.dispose]();
  }

  /** Returns the addresses of the members. */
  @expose
  members(group: string): string[] {
    const parties = [...this.#partiesOf(group)];
    return [...new Set(parties.flatMap(({ members }) => [...members]))];
  }

  /** Sends a message to all members, once to each container. */
  @expose
  publish(group: string, path: string, args: unknown[]): void {
    for (const { receiver } of this.#partiesOf(group)) {
      notify(receiver).publish(group, path, args);
    }
  }

  /**
   * Calls all members. Returns their addresses, and a stream of the answers as
   * they arrive.
   */
  @expose
  ask(
    group: string,
    path: string,
    args: unknown[],
  ): [members: string[], answers: AsyncGenerator<ToldAnswer, void>] {
    const { signal } = call();
    const asked = this.members(group);
    const answers = new Arrivals<ToldAnswer>();
    const unasked = new Set(asked);
    // A member may already have joined on a new connection while the loss of
    // the old one is still unnoticed: the newest connection answers for it.
    for (const { receiver, members } of [...this.#partiesOf(group)].reverse()) {
      const left = members.intersection(unasked);
      if (left.size === 0) continue;
      for (const member of left) unasked.delete(member);
      answers.add(async (push) => {
        let failure: unknown = NO_ANSWER;
        try {
          const told = await withOptions(receiver, { signal })
            .ask(group, path, args);
          for await (const answer of told) {
            // A container may answer only for its own members, and once for
            // each.
            if (left.delete(answer[0])) push(answer);
          }
        } catch (error) {
          failure = failureOf(error);
        }
        for (const member of left) push([member, "failure", failure]);
      });
    }
    return [asked, answers.all(signal)];
  }

  /** Calls one of the members. */
  @expose
  callOne(group: string, path: string, args: unknown[]): Promise<ToldAnswer> {
    const { signal } = call();
    const receivers = Array.from(
      this.#partiesOf(group),
      ({ receiver }) => withOptions(receiver, { signal }),
    );
    const message = { group, path, args };
    return callOneOf(shuffled(receivers, world.random), message);
  }

  #partiesOf(group: string): Iterable<ContainerMembers> {
    return this.#groups.get(group)?.values() ?? [];
  }
}

/** The failure of a member that left before its container was asked. */
const NO_ANSWER = {
  name: "AgentNotFoundError",
  message: "Cannot ask the member: it has left the group",
  code: "not_found",
};

function checkName(group: unknown): void {
  const isName = typeof group === "string" && group !== "" &&
    group.length <= MAX_NAME_LENGTH;
  if (isName) return;
  throw new TypeError(
    `Cannot join the group: its name must be a text of 1 to ${MAX_NAME_LENGTH} characters`,
  );
}
