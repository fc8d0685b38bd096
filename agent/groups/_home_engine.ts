import { Backoff, DEFAULT_BACKOFF } from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { fromFailure } from "../../rpc/internal.ts";
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
import { GroupReceiver, type ToldAnswer } from "./_receiver.ts";

/** A connection to the home. */
interface HomeLink {
  readonly client: {
    readonly remote: { readonly groups: Remote<GroupHome> };
    /** Resolves when the connection has ended. */
    readonly closed: Promise<unknown>;
  };
  /** Whether the connection has ended. */
  readonly isOver: boolean;
}

/** Carries the messages of groups by way of their home, one container. */
export class HomeEngine implements GroupEngine, Dependent {
  readonly #internals: ContainerInternals;
  readonly #home: string;
  readonly #receiver: GroupReceiver;
  readonly #ending = new AbortController();
  readonly #backoff: Backoff;
  /** The connection on which members have joined. */
  #link: HomeLink | null = null;
  #isRejoining = false;

  /** `home` is the address of the container that keeps the members. */
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
    members.add(address);
    this.#receiver.members.set(group, members);
    try {
      await this.#enter(group, address);
    } catch (error) {
      members.delete(address);
      throw error;
    }
  }

  async #enter(group: string, address: string): Promise<void> {
    const { signal } = this.#ending;
    const link = await this.#internals.links.shared(this.#home, signal);
    this.#follow(link);
    await withOptions(this.#homeOn(link), { signal })
      .join(group, address, this.#receiver as unknown as Remote<GroupReceiver>);
  }

  /** Joins again when `link` is lost. */
  #follow(link: HomeLink): void {
    if (this.#link === link) return;
    this.#link = link;
    const onLoss = () => {
      if (this.#link !== link || this.#isRejoining) return;
      // Rejects when the container closes.
      actAsNobody(() => this.#rejoin()).catch(() => {});
    };
    link.client.closed.then(onLoss);
  }

  async #rejoin(): Promise<void> {
    const { signal } = this.#ending;
    this.#isRejoining = true;
    try {
      do {
        await this.#backoff.wait(Infinity, signal);
      } while (!await this.#enterAll());
    } finally {
      this.#isRejoining = false;
    }
    this.#backoff.reset();
  }

  /** Returns whether all members have joined. */
  async #enterAll(): Promise<boolean> {
    try {
      for (const [group, members] of this.#receiver.members) {
        for (const member of members) await this.#enter(group, member);
      }
      return this.#link?.isOver !== true;
    } catch (error) {
      const isAway = error instanceof ConnectError ||
        error instanceof ConnectionClosedError ||
        error instanceof ServerBusyError;
      if (!isAway && !this.#ending.signal.aborted) {
        this.#internals.context.report(error, "task", this.#home);
      }
      return false;
    }
  }

  async leave(group: string, address: string): Promise<void> {
    const members = this.#receiver.members.get(group);
    if (!members?.delete(address)) return;
    if (members.size === 0) this.#receiver.members.delete(group);
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

  async #reach(): Promise<Remote<GroupHome>> {
    const { signal } = this.#ending;
    return this.#homeOn(await this.#internals.links.shared(this.#home, signal));
  }

  #homeOn(link: HomeLink): Remote<GroupHome> {
    return link.client.remote.groups;
  }

  /** Ends attempts to join again. */
  close(): Promise<void> {
    this.#ending.abort(this.#internals.context.closedError("join a group"));
    return Promise.resolve();
  }
}

async function* readAnswers(
  told: AsyncIterable<ToldAnswer>,
): AsyncGenerator<Answer> {
  for await (const [member, kind, content] of told) {
    yield kind === "value"
      ? { member, value: content }
      : { member, error: fromFailure(content, member) };
  }
}
