import { expose } from "../../rpc/service/expose.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { GroupReceiver, ToldAnswer } from "../groups/_receiver.ts";

/** The id of the agent through which nodes talk to each other. */
export const DESK_ID = "node";

/**
 * Where an agent is: on this node; on another node, which must be asked next;
 * or nowhere, as far as this node knows.
 */
export type Located =
  | { readonly at: "here" }
  | { readonly at: "node"; readonly address: string }
  | { readonly at: "nowhere"; readonly why: string };

/** The parts of its node that a desk uses. */
export interface DeskNode {
  /** Finds the agent, and places it if no node has it. */
  locate(id: string): Promise<Located>;
  readonly groups: GroupReceiver;
}

/** The agent of a node that other nodes call. */
export class NodeDesk extends Agent {
  readonly #node: DeskNode;

  constructor(container: Container, node: DeskNode) {
    super(container, { id: DESK_ID, concurrent: true });
    this.#node = node;
  }

  @expose
  locate(id: string): Promise<Located> {
    return this.#node.locate(id);
  }

  @expose
  membersOf(group: string): string[] {
    return [...this.#node.groups.members.get(group) ?? []];
  }

  @expose
  publish(group: string, path: string, args: unknown[]): void {
    this.#node.groups.publish(group, path, args);
  }

  @expose
  callOne(
    group: string,
    path: string,
    args: unknown[],
  ): Promise<ToldAnswer | null> {
    return this.#node.groups.callOne(group, path, args);
  }

  @expose
  ask(
    group: string,
    path: string,
    args: unknown[],
  ): [members: string[], answers: AsyncGenerator<ToldAnswer, void>] {
    return [this.membersOf(group), this.#node.groups.ask(group, path, args)];
  }
}
