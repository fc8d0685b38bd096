/**
 * What carries the messages of groups. The embedded engine keeps the members in
 * one container, the home of the group; one for many machines may keep them
 * elsewhere.
 *
 * @module
 */

/** A message to all members of a group. */
export interface GroupMessage {
  readonly group: string;
  /** The path of the method in each member. */
  readonly path: string;
  readonly args: readonly unknown[];
}

/** The answer of one member, by its address, or the error of its call. */
export type Answer =
  | { readonly member: string; readonly value: unknown }
  | { readonly member: string; readonly error: unknown };

/** The answers to one message. */
export interface Gathering {
  /** The addresses of the members that are asked. */
  readonly members: readonly string[];
  /**
   * Yields one answer of each member, as they come, and ends. To leave the loop
   * cancels the calls that are left.
   */
  readonly answers: AsyncIterable<Answer>;
}

/** Keeps the members of groups, and delivers to them. */
export interface GroupEngine {
  /**
   * Adds an agent of this container to a group until it leaves or closes. Once
   * this resolves, messages that are sent reach it. Repeatable. Where the engine
   * loses the member, it adds it again as soon as it can.
   *
   * @throws {ConnectError} If the engine cannot be reached.
   * @throws {ServerBusyError} If it has no room for a member.
   */
  join(group: string, address: string): Promise<void>;
  /** Removes an agent of this container from a group. Repeatable. */
  leave(group: string, address: string): Promise<void>;
  /** Resolves to the addresses of the members. */
  members(group: string): Promise<string[]>;
  /**
   * Sends a message to all members, without an answer, at most once to each: one
   * message for each container. The messages of one sender arrive in order.
   */
  publish(message: GroupMessage): Promise<void>;
  /**
   * Calls all members. The calls that are left end when `signal` aborts.
   *
   * @throws {ConnectError} If the engine cannot be reached.
   */
  gather(message: GroupMessage, signal: AbortSignal): Promise<Gathering>;
  /**
   * Calls one of the members, any of them, and passes over those that are away and
   * have not run the call.
   *
   * @throws {AgentNotFoundError} If there is no member that can be reached.
   * @throws {ConnectError} If the engine cannot be reached.
   */
  callOne(
    message: GroupMessage,
    signal: AbortSignal | undefined,
  ): Promise<Answer>;
}
