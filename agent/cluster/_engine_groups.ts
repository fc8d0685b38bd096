import { notify, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { ContainerInternals } from "../_container_internals.ts";
import type {
  Answer,
  Gathering,
  GroupEngine,
  GroupMessage,
} from "../groups/contract.ts";
import {
  callOneOf,
  type GroupReceiver,
  readAnswer,
  shuffled,
  type ToldAnswer,
} from "../groups/_receiver.ts";
import { Arrivals } from "../messages/_arrivals.ts";
import type { Owner } from "./_claim.ts";
import type { NodeDesk } from "./_desk.ts";
import { deskAt, isAway } from "./_finder.ts";
import { splitHead, withHead } from "./_json_bytes.ts";
import { keyOf } from "./_keys.ts";
import type { Members } from "./members.ts";
import type { Engine } from "./engine.ts";
import { StaleEpochError } from "./errors.ts";

type Desks = readonly Remote<NodeDesk>[];

/** The parts of its node that groups use. */
export interface GroupsHost {
  readonly engine: Engine;
  readonly cluster: string;
  readonly internals: ContainerInternals;
  readonly members: Members;
  readonly owner: Owner;
  readonly groups: GroupReceiver;
}

/**
 * The groups of a cluster. Each group has an entry that lists the nodes with
 * members of it; each node knows its own members. Messages go from node to
 * node.
 */
export class EngineGroups implements GroupEngine {
  readonly #host: GroupsHost;
  /** The last change of each group that this node has started. */
  readonly #changes = new Map<string, Promise<void>>();
  readonly #reads = new Map<string, Reads>();

  constructor(host: GroupsHost) {
    this.#host = host;
  }

  async join(group: string, address: string): Promise<void> {
    const { groups } = this.#host;
    const members = groups.members.get(group) ?? new Set();
    const isKnown = members.has(address);
    members.add(address);
    groups.members.set(group, members);
    try {
      await this.#enter(group);
    } catch (error) {
      if (!isKnown) this.#drop(group, address);
      throw error;
    }
  }

  async leave(group: string, address: string): Promise<void> {
    if (this.#drop(group, address)) await this.#enter(group);
  }

  #drop(group: string, address: string): boolean {
    const { members } = this.#host.groups;
    const known = members.get(group);
    const wasIn = known?.delete(address) ?? false;
    if (known?.size === 0) members.delete(group);
    return wasIn;
  }

  /**
   * Updates the group's entry to show whether this node has members of the
   * group.
   */
  #enter(group: string): Promise<void> {
    const before = this.#changes.get(group) ?? Promise.resolve();
    const change = before.then(() => this.#write(group));
    const settled = change.catch(() => {});
    this.#changes.set(group, settled);
    settled.then(() => {
      if (this.#changes.get(group) === settled) this.#changes.delete(group);
    });
    return change;
  }

  async #write(group: string): Promise<void> {
    const { engine, groups, members, owner } = this.#host;
    const key = this.#keyOf(group);
    for (;;) {
      const isIn = groups.members.has(group);
      const entry = await engine.get(key);
      const before = entry === null ? [] : ownersIn(entry.value);
      const isOwn = (it: Owner) =>
        it.node === owner.node && it.epoch === owner.epoch;
      if (before.some(isOwn) === isIn) return;
      const others = before.filter((it) => !isOwn(it));
      // Departed nodes are removed; otherwise the entry would only grow.
      const live = await Promise.all(others.map((it) => members.find(it)));
      const after = others.filter((_, at) => live[at] !== null);
      if (isIn) after.push(owner);
      const expected = entry?.revision ?? 0;
      try {
        if (after.length > 0) {
          await engine.put(key, withHead(after), { expected });
        } else if (entry !== null) await engine.remove(key, expected);
        return;
      } catch (error) {
        if (!(error instanceof StaleEpochError)) throw error;
      }
    }
  }

  async members(group: string): Promise<string[]> {
    const desks = await this.#desks(group);
    const lists = await Promise.all(
      desks.map((it) => this.#unlessAway(it.membersOf(group))),
    );
    return lists.flatMap((it) => it ?? []);
  }

  async publish({ group, path, args }: GroupMessage): Promise<void> {
    for (const desk of await this.#desks(group)) {
      notify(desk).publish(group, path, [...args]);
    }
  }

  async gather(
    { group, path, args }: GroupMessage,
    signal: AbortSignal,
  ): Promise<Gathering> {
    const desks = await this.#desks(group);
    const answers = new Arrivals<Answer>();
    const asked = await Promise.all(desks.map(async (desk) => {
      const asking = withOptions(desk, { signal }).ask(group, path, [...args]);
      const [members, told] = await this.#unlessAway(asking) ?? [[], null];
      if (told !== null) {
        answers.add((push) => take(members, told, push));
      }
      return members;
    }));
    return { members: asked.flat(), answers: answers.all(signal) };
  }

  async callOne(
    message: GroupMessage,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { random } = this.#host.internals.context;
    const desks = shuffled(await this.#desks(message.group), random)
      .map((it) => withOptions(it, { signal }));
    return readAnswer(await callOneOf(desks, message));
  }

  /**
   * Returns the desks of the nodes that have members at the time of the call.
   * Calls made during a read share the next read, so that their messages keep
   * their order.
   */
  #desks(group: string): Promise<Desks> {
    let reads = this.#reads.get(group);
    if (reads === undefined) {
      const read = () => this.#readDesks(group);
      reads = new Reads(read, () => this.#reads.delete(group));
      this.#reads.set(group, reads);
    }
    return reads.fresh();
  }

  async #readDesks(group: string): Promise<Desks> {
    const { engine, internals, members } = this.#host;
    const entry = await engine.get(this.#keyOf(group));
    const owners = entry === null ? [] : ownersIn(entry.value);
    const found = await Promise.all(owners.map((it) => members.find(it)));
    return found.filter((it) => it !== null)
      .map((it) => deskAt(internals.links, it.address));
  }

  /** Returns `null` if the node is away: it then counts as having no members. */
  async #unlessAway<T>(asking: Promise<T>): Promise<T | null> {
    try {
      return await asking;
    } catch (error) {
      // Once this side closes its connections, all nodes seem to be away.
      if (isAway(error) && !this.#host.internals.links.isEnding) return null;
      throw error;
    }
  }

  #keyOf(group: string): string {
    return keyOf(this.#host.cluster, "group", group);
  }
}

/**
 * Shares reads between callers. Each caller gets a read that begins after its
 * call.
 */
class Reads {
  readonly #read: () => Promise<Desks>;
  readonly #onIdle: () => void;
  #running: Promise<unknown> | null = null;
  #next: Promise<Desks> | null = null;

  constructor(read: () => Promise<Desks>, onIdle: () => void) {
    this.#read = read;
    this.#onIdle = onIdle;
  }

  fresh(): Promise<Desks> {
    if (this.#running === null) return this.#begin();
    return this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#begin();
    });
  }

  #begin(): Promise<Desks> {
    const reading = this.#read();
    const running = reading.then(() => {}, () => {});
    this.#running = running;
    running.then(() => {
      if (this.#running !== running) return;
      this.#running = null;
      if (this.#next === null) this.#onIdle();
    });
    return reading;
  }
}

function ownersIn(value: Uint8Array): Owner[] {
  return splitHead(value).head as Owner[];
}

/** Passes on the answers of one node, and an error for each missing answer. */
async function take(
  members: readonly string[],
  told: AsyncIterable<ToldAnswer>,
  push: (answer: Answer) => void,
): Promise<void> {
  const left = new Set(members);
  let error: unknown = new Error(
    "Cannot ask the member: it has left the group",
  );
  try {
    for await (const answer of told) {
      // A node may answer only for its own members, and once for each.
      if (!left.delete(answer[0])) continue;
      push(readAnswer(answer));
    }
  } catch (thrown) {
    error = thrown;
  }
  for (const member of left) push({ member, error });
}
