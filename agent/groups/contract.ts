/**
 * The contract for engines that carry group messages. The built-in engine
 * stores the members in one container, the home of the group. Engines for many
 * machines may store them elsewhere.
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

/** The answer of one member, with its address, or the error of its call. */
export type Answer =
  | { readonly member: string; readonly value: unknown }
  | { readonly member: string; readonly error: unknown };

/** The answers to one message. */
export interface Gathering {
  /** The addresses of the members that are asked. */
  readonly members: readonly string[];
  /**
   * Yields one answer per member, as they arrive, and then ends. Leaving the
   * loop cancels the remaining calls.
   */
  readonly answers: AsyncIterable<Answer>;
}

/** Stores the members of groups, and delivers messages to them. */
export interface GroupEngine {
  /**
   * Adds an agent of this container to a group until it leaves or closes.
   * Messages sent after this resolves reach the agent. Can be called
   * repeatedly. If the engine loses the member, it adds the member again as
   * soon as it can.
   *
   * @throws {ConnectError} If the engine cannot be reached.
   * @throws {ServerBusyError} If the engine has no room for another member.
   */
  join(group: string, address: string): Promise<void>;
  /**
   * Removes an agent of this container from a group. Can be called repeatedly.
   */
  leave(group: string, address: string): Promise<void>;
  /** Resolves to the addresses of the members. */
  members(group: string): Promise<string[]>;
  /**
   * Sends a message to all members, at most once to each, without an answer.
   * Each container gets one message for all its members. The messages of one
   * sender arrive in order.
   */
  publish(message: GroupMessage): Promise<void>;
  /**
   * Calls all members. The remaining calls end when `signal` aborts.
   *
   * @throws {ConnectError} If the engine cannot be reached.
   */
  gather(message: GroupMessage, signal: AbortSignal): Promise<Gathering>;
  /**
   * Calls any one of the members. Skips members that are away and have not run
   * the call.
   *
   * @throws {AgentNotFoundError} If no member can be reached.
   * @throws {ConnectError} If the engine cannot be reached.
   */
  callOne(
    message: GroupMessage,
    signal: AbortSignal | undefined,
  ): Promise<Answer>;
}
