import { abortable } from "../../channel/internal.ts";
import { splitHead, withHead } from "./_json_bytes.ts";
import { keyOf } from "./_keys.ts";
import type { Owner } from "./_claim.ts";
import type { Engine, Entry, EntryChange } from "./engine.ts";

/** A node of a cluster. */
export interface Member {
  /** The name of the node. */
  readonly name: string;
  /** The address of the node's container. */
  readonly address: string;
  /**
   * The epoch of the node. It is greater than that of each earlier node of this
   * name.
   */
  readonly epoch: number;
  /** The kinds of agents that may live on the node. */
  readonly offers: readonly string[];
  /** Whether the node accepts no more agents. */
  readonly isDraining: boolean;
}

/** A node that has joined or left. */
export interface MemberChange {
  /** What happened. */
  readonly kind: "joined" | "left";
  /** The node. */
  readonly member: Member;
}

/**
 * The contents of a node's entry. The epoch is not known at its first write.
 */
export interface MemberRecord extends Omit<Member, "epoch"> {
  readonly epoch: number | null;
  /** Identifies this node among nodes of the same name. */
  readonly id: string;
  readonly leaseMs: number;
}

/** Encodes the entry of a node. */
export function encodeMember(record: MemberRecord): Uint8Array {
  return withHead(record);
}

/** Decodes the entry of a node. */
export function decodeMember(entry: Entry): MemberRecord & Member {
  const record = splitHead(entry.value).head as MemberRecord;
  return { ...record, epoch: record.epoch ?? entry.revision };
}

/** The nodes of a cluster, as far as this side knows. */
export class Members {
  /** The nodes by name. */
  readonly byName: Map<string, Member> = new Map();
  readonly #engine: Engine;
  readonly #cluster: string;
  readonly #listeners = new Set<(change: MemberChange) => void>();
  /** The names of the nodes, by the keys of their entries. */
  readonly #names = new Map<string, string>();
  #isOver = false;

  constructor(engine: Engine, cluster: string) {
    this.#engine = engine;
    this.#cluster = cluster;
  }

  /** Returns the key of the entry of a node. */
  keyOf(name: string): string {
    return keyOf(this.#cluster, "node", name);
  }

  /**
   * Follows the changes of the nodes. Resolves once all present nodes are
   * known.
   */
  follow(): Promise<AsyncDisposable> {
    const prefix = `${keyOf(this.#cluster, "node")}.`;
    return this.#engine.watch(prefix, (change) => this.#take(change));
  }

  /** Forgets all nodes. Later changes are ignored. */
  end(): void {
    this.#isOver = true;
    this.byName.clear();
  }

  #take(change: EntryChange): void {
    if (this.#isOver) return;
    if (change.kind === "removed") {
      const name = this.#names.get(change.key);
      this.#names.delete(change.key);
      if (name !== undefined) this.#remove(name);
      return;
    }
    const { entry } = change;
    const member = memberIn(entry);
    const { name } = member;
    const known = this.byName.get(name);
    if (known !== undefined && known.epoch !== member.epoch) {
      this.#remove(name);
    }
    this.#names.set(entry.key, name);
    this.byName.set(name, member);
    if (known?.epoch !== member.epoch) this.#tell({ kind: "joined", member });
  }

  #remove(name: string): void {
    const member = this.byName.get(name);
    this.byName.delete(name);
    if (member !== undefined) this.#tell({ kind: "left", member });
  }

  #tell(change: MemberChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /**
   * Calls `listener` with each change, until the returned function is called.
   */
  listen(listener: (change: MemberChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves to the node that `owner` names; `null` if it is gone. Asks the
   * engine if this side does not know the node yet.
   */
  async find({ node, epoch }: Owner): Promise<Member | null> {
    const known = this.byName.get(node);
    if (known?.epoch === epoch) return known;
    const entry = await this.#engine.get(this.keyOf(node));
    const member = entry === null ? null : memberIn(entry);
    return member?.epoch === epoch ? member : null;
  }
}

function memberIn(entry: Entry): Member {
  const { name, address, epoch, offers, isDraining } = decodeMember(entry);
  return { name, address, epoch, offers, isDraining };
}

/** Yields the present members, and then each change, until `ended` aborts. */
export async function* followMembers(
  members: Members,
  ended: AbortSignal,
  signal: AbortSignal | undefined,
): AsyncGenerator<MemberChange, void> {
  signal?.throwIfAborted();
  const queue = Array.from(
    members.byName.values(),
    (member): MemberChange => ({ kind: "joined", member }),
  );
  let wake = () => {};
  const stop = members.listen((change) => {
    queue.push(change);
    wake();
  });
  const onEnd = () => wake();
  ended.addEventListener("abort", onEnd);
  try {
    for (;;) {
      yield* queue.splice(0);
      if (queue.length > 0) continue;
      if (ended.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await abortable(promise, signal);
    }
  } finally {
    stop();
    ended.removeEventListener("abort", onEnd);
  }
}
