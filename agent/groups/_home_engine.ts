import { Backoff, DEFAULT_BACKOFF } from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { notify, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { ContainerInternals, Dependent } from "../_container_internals.ts";
import { ConnectError } from "../../transports/errors.ts";
import { actAsNobody } from "../messages/_acting.ts";
import type {
  Answer,
  Gathering,
  GroupEngine,
  GroupMessage,
} from "./contract.ts";
import type { GroupHome } from "./_home.ts";
import { GroupReceiver, readAnswer, type ToldAnswer } from "./_receiver.ts";

/** A connection to the home of groups. */
interface HomeLink {
  readonly client: {
    readonly remote: { readonly groups: Remote<GroupHome> };
    /** Resolves when the connection has ended. */
    readonly closed: Promise<unknown>;
  };
  /** Whether the connection has ended. */
  readonly isOver: boolean;
}

/** Carries group messages through one container, the home of the groups. */
export class HomeEngine implements GroupEngine, Dependent {
  readonly #internals: ContainerInternals;
  readonly #home: string;
  readonly #receiver: GroupReceiver;
  readonly #ending = new AbortController();
  readonly #backoff: Backoff;
  /** The connection on which the members have joined. */
  #link: HomeLink | null = null;
  #isRejoining = false;

  /** `home` is the address of the container that stores the members. */
  constructor(internals: ContainerInternals, home: string) {
    this.#internals = internals;
    this.#home = home;
    this.#receiver = new GroupReceiver(internals);
    this.#backoff = new Backoff(DEFAULT_BACKOFF, internals.context.container);
    this.#backoff.isRef = false;
    internals.dependents.add(this);
  }

  async join(group: string, address: string): Promise<void> {
    const members = this.#receiver.members.get(group) ?? new Set();
    const isNew = !members.has(address);
    members.add(address);
    this.#receiver.members.set(group, members);
    try {
      await this.#enter(await this.#connect(), group, address);
    } catch (error) {
      // A member that had joined earlier is still joined again.
      if (isNew) this.#drop(group, address);
      throw error;
    }
  }

  /** Removes a member. Returns whether it was a member here. */
  #drop(group: string, address: string): boolean {
    const { members } = this.#receiver;
    const ofGroup = members.get(group);
    const wasMember = ofGroup?.delete(address) ?? false;
    if (ofGroup?.size === 0) members.delete(group);
    return wasMember;
  }

  /** Returns the connection on which members should join. */
  async #connect(): Promise<HomeLink> {
    const { signal } = this.#ending;
    const link = await this.#internals.links.shared(this.#home, signal);
    if (this.#link === link) return link;
    const isReplaced = this.#link !== null;
    this.#link = link;
    link.client.closed.then(() => {
      if (this.#link === link) this.#rejoin();
    });
    // The members have not joined on the new connection.
    if (isReplaced) this.#rejoin();
    return link;
  }

  async #enter(link: HomeLink, group: string, address: string): Promise<void> {
    const { signal } = this.#ending;
    const home = withOptions(this.#homeOn(link), { signal });
    const receiver = this.#receiver as unknown as Remote<GroupReceiver>;
    await home.join(group, address, receiver);
    // The member may have left while it was joining.
    const isMember = this.#receiver.members.get(group)?.has(address);
    if (!isMember) await home.leave(group, address);
  }

  /** Makes all members join again, unless that is already in progress. */
  #rejoin(): void {
    if (this.#isRejoining) return;
    this.#isRejoining = true;
    // Rejects when the container closes.
    actAsNobody(() => this.#rejoinUntilDone()).catch(() => {});
  }

  async #rejoinUntilDone(): Promise<void> {
    const { signal } = this.#ending;
    let link: HomeLink | null;
    do {
      await this.#backoff.wait(Infinity, signal);
      link = await this.#enterAll();
    } while (link === null || link !== this.#link || link.isOver);
    // Reset at once: a later loss must start a new round.
    this.#isRejoining = false;
    this.#backoff.reset();
  }

  /**
   * Returns the connection on which all members have joined; `null` on failure.
   */
  async #enterAll(): Promise<HomeLink | null> {
    try {
      const link = await this.#connect();
      for (const [group, members] of this.#receiver.members) {
        for (const member of members) await this.#enter(link, group, member);
      }
      return link;
    } catch (error) {
      const isAway = error instanceof ConnectError ||
        error instanceof ConnectionClosedError ||
        error instanceof ServerBusyError ||
        error instanceof TimeoutError;
      if (!isAway && !this.#ending.signal.aborted) {
        this.#internals.context.report(error, "task", this.#home);
      }
      return null;
    }
  }

  async leave(group: string, address: string): Promise<void> {
    if (!this.#drop(group, address)) return;
    const link = this.#link;
    if (link === null || link.isOver) return;
    await this.#homeOn(link).leave(group, address);
  }

  async members(group: string): Promise<string[]> {
    return await (await this.#reach()).members(group);
  }

  async publish({ group, path, args }: GroupMessage): Promise<void> {
    notify(await this.#reach()).publish(group, path, [...args]);
  }

  async gather(
    { group, path, args }: GroupMessage,
    signal: AbortSignal,
  ): Promise<Gathering> {
    const home = withOptions(await this.#reach(), { signal });
    const [members, answers] = await home.ask(group, path, [...args]);
    return { members, answers: readAnswers(answers) };
  }

  async callOne(
    { group, path, args }: GroupMessage,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const home = withOptions(await this.#reach(), { signal });
    return readAnswer(await home.callOne(group, path, [...args]));
  }

  async #reach(): Promise<Remote<GroupHome>> {
    const { signal } = this.#ending;
    return this.#homeOn(await this.#internals.links.shared(this.#home, signal));
  }

  #homeOn(link: HomeLink): Remote<GroupHome> {
    return link.client.remote.groups;
  }

  /** Stops attempts to join again. */
  close(): Promise<void> {
    this.#ending.abort(this.#internals.context.closedError("reach a group"));
    return Promise.resolve();
  }
}

async function* readAnswers(
  told: AsyncIterable<ToldAnswer>,
): AsyncGenerator<Answer> {
  for await (const answer of told) yield readAnswer(answer);
}
