import type {
  Begun,
  CallStarted,
  MessageEvent,
} from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { REFERENCE_PREFIX, type RpcEvent } from "../../rpc/internal.ts";
import type {
  Notifications,
  ObservedEvent,
  ResourceKind,
} from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { describeLeak, type Leak } from "./_leak.ts";
import { MessageLog, shorten } from "./_message_log.ts";
import { stackNow } from "./_stack.ts";

/** Options for a {@linkcode Ledger}. */
export interface LedgerOptions {
  /** Whether to keep the stack of everything that is opened or begun. */
  readonly trace: boolean;
  /** Whether the running code belongs to the step. */
  readonly isCurrent: () => boolean;
}

/** A resource, or something under way on a channel, which is its owner. */
interface Entry {
  readonly resource: object;
  /** The kind of a resource; `null` for a call, a stream or a reference. */
  readonly kind: ResourceKind | null;
  /** Names it in reports. */
  readonly what: () => string;
  /**
   * Whether this side has to end it. What the other side has begun is counted,
   * and ends with the connection.
   */
  readonly isOwn: boolean;
  /** The method of a call. */
  readonly path?: string | null;
  /** Where it was made, if that is traced. */
  readonly stack: string | null;
}

/**
 * The table of what one step has open or under way, and the judge of what leaks
 * from it. It is read when the body has ended, before any clean-up, since
 * clean-up ends most leaks, and again when nothing may be left.
 */
export class Ledger implements Notifications {
  /** The messages of the step. */
  readonly log: MessageLog = new MessageLog();
  readonly #options: LedgerOptions;
  readonly #open = new Map<object, Entry>();
  /** Closed ones too, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Entry>();
  readonly #owners = new WeakMap<object, object>();
  /** The resource behind each handle that a user was given. */
  readonly #handed = new WeakMap<object, object>();
  /** The resources that the step's clean-up closes. */
  readonly #kept = new WeakSet<object>();
  readonly #unsettled: Leak[] = [];

  /** Creates an empty ledger. */
  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    // The peer chooses some names, such as those of agents.
    const what = () => `${kind} (${printable(describe())})`;
    this.#add({ resource, kind, what, isOwn: true });
  }

  owned(resource: object, owner: object): void {
    this.#owners.set(this.#real(resource), this.#real(owner));
  }

  handed(handle: object, resource: object): void {
    this.#handed.set(handle, resource);
  }

  closed(resource: object): void {
    const isOpen = this.#open.delete(resource);
    if (!isOpen || this.#known.get(resource)?.kind !== "channel") return;
    const channel = resource as Channel;
    const { pendingCalls, unansweredRequests } = channel.stats();
    if (pendingCalls + unansweredRequests === 0) return;
    const what =
      `pending calls (${pendingCalls}) and unanswered requests (${unansweredRequests}) at its end`;
    this.#unsettled.push(this.#leakOn(channel, what));
  }

  event(event: ObservedEvent): void {
    const it = event as RpcEvent | MessageEvent;
    switch (it.type) {
      case "message":
        if (!this.knows(it.channel)) return;
        return this.log.add(it, this.#isServerSide(it.channel));
      case "call-started": {
        const isOwn = it.side === "made";
        const what = () => isOwn ? describeCall(it) : "running methods";
        return this.#begin(it, isOwn, what, it.path);
      }
      case "stream-opened": {
        const isOwn = it.side === "consumed";
        const call = isOwn ? this.#known.get(it.call ?? {}) : undefined;
        const what = isOwn
          ? `open stream from ${
            methodName(call?.path)
          } (read it to its end, leave its loop or declare it with 'await using')`
          : "streams produced for the other side";
        // The stream itself opens in the turn in which the result arrives.
        const stack = call?.stack ?? null;
        return this.#begin(it, isOwn, () => what, null, stack);
      }
      case "reference-kept": {
        const isOwn = it.holder === "local";
        const call = this.#known.get(it.call ?? {});
        const origin = call === undefined ? "from" : "passed to";
        const what = isOwn
          ? `kept reference ${origin} ${
            methodName(call?.path)
          } (declare what 'keep' returns with 'using', or dispose of it)`
          : "references given to the other side";
        return this.#begin(it, isOwn, () => what);
      }
      case "ended":
        return void this.#open.delete(it.subject);
    }
  }

  /** Marks a resource, or its handle, as one that the step closes itself. */
  keep(resource: object): void {
    this.#kept.add(this.#real(resource));
  }

  /** Whether this is a resource of the step, or the handle of one. */
  knows(resource: object): boolean {
    return this.#known.has(this.#real(resource));
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return this.#chain(resource).includes(this.#real(owner));
  }

  /**
   * Returns what is open although the step does not close it, and the calls,
   * streams and references that its clients have not ended.
   */
  readBeforeCleanUp(): Leak[] {
    const leaked = this.#resources().filter(({ resource, kind }) => {
      const chain = this.#chain(resource);
      if (chain.some((it) => this.#kept.has(it))) return false;
      // The file of a socket goes with its listener, which is listed, too.
      return kind !== "file" || chain.length > 1;
    });
    return [...this.#roots(leaked), ...this.#begunByClients()];
  }

  /** Returns what is open, and what channels have not settled at their end. */
  readAll(): Leak[] {
    return [
      ...this.#roots(this.#resources()),
      ...this.#unsettled,
      ...this.#served((channel) => !this.#open.has(channel)),
    ];
  }

  /** Describes all that is open or pending, a line each. */
  describe(): string[] {
    const leaks = [
      ...this.readAll(),
      ...this.#begunByClients(),
      ...this.#served((channel) => this.#open.has(channel)),
    ];
    const requests = this.#resources().flatMap(({ resource, kind, what }) => {
      if (kind !== "channel") return [];
      const { unansweredRequests } = (resource as Channel).stats();
      return unansweredRequests === 0
        ? []
        : [`unanswered requests at ${what()}: ${unansweredRequests}`];
    });
    return [...leaks.map(describeLeak), ...requests];
  }

  #add(entry: Omit<Entry, "stack">, stack = this.#stack()): void {
    const added = { ...entry, stack };
    this.#open.set(entry.resource, added);
    this.#known.set(entry.resource, added);
  }

  /** Adds something under way on `channel`, unless that is of other code. */
  #begin(
    { channel, subject: resource }: Begun,
    isOwn: boolean,
    what: () => string,
    path: string | null = null,
    stack: string | null = this.#stack(),
  ): void {
    if (!this.knows(channel)) return;
    this.owned(resource, channel);
    this.#add({ resource, kind: null, what, isOwn, path }, stack);
  }

  #stack(): string | null {
    return this.#options.trace ? stackNow() : null;
  }

  /** Returns the resource of a handle, or the object itself. */
  #real(handle: object): object {
    const resource = this.#handed.get(handle);
    return resource === undefined ? handle : this.#real(resource);
  }

  /** Returns a resource and its owners, the nearest first. */
  #chain(resource: object): object[] {
    const owner = this.#owners.get(resource);
    return owner === undefined ? [resource] : [resource, ...this.#chain(owner)];
  }

  /** Clocks hold nothing themselves: what waits for one is open itself. */
  #resources(): Entry[] {
    return [...this.#open.values()]
      .filter(({ kind }) => kind !== null && kind !== "clock");
  }

  /** What is under way on channels, by those. */
  #activities(isOwn: boolean): Map<object, Entry[]> {
    const entries = [...this.#open.values()]
      .filter((it) => it.kind === null && it.isOwn === isOwn);
    return Map.groupBy(entries, (it) => this.#owners.get(it.resource)!);
  }

  /** The calls of a server's channels are the business of its handlers. */
  #begunByClients(): Leak[] {
    return [...this.#activities(true)]
      .filter(([channel]) =>
        this.#open.has(channel) && !this.#isServerSide(channel)
      )
      .flatMap(([channel, entries]) =>
        entries.map(({ what, stack }) => this.#leakOn(channel, what(), stack))
      );
  }

  /** Counts what some channels do for the other side. */
  #served(isWanted: (channel: object) => boolean): Leak[] {
    return [...this.#activities(false)]
      .filter(([channel]) => isWanted(channel))
      .map(([channel, entries]) => {
        const counts = [...Map.groupBy(entries, ({ what }) => what())]
          .map(([what, { length }]) => `${what} (${length})`);
        return this.#leakOn(channel, counts.join(", "));
      });
  }

  #leakOn(channel: object, what: string, stack: string | null = null): Leak {
    const owners = this.#chain(channel).map((it) => this.#nameOf(it));
    return { what, owners, owned: new Map(), stack, resource: null };
  }

  /** Leaves out what ends with another resource that is listed. */
  #roots(resources: readonly Entry[]): Leak[] {
    const listed = new Set(resources.map(({ resource }) => resource));
    const leaks: Leak[] = [];
    for (const { resource, what, stack } of resources) {
      const [, ...owners] = this.#chain(resource);
      if (owners.some((it) => listed.has(it))) continue;
      const owned = new Map<ResourceKind, number>();
      for (const { resource: other, kind } of resources) {
        if (other === resource || !this.belongs(other, resource)) continue;
        owned.set(kind!, (owned.get(kind!) ?? 0) + 1);
      }
      leaks.push({
        what: what(),
        owners: owners.map((it) => this.#nameOf(it)),
        owned,
        stack,
        resource,
      });
    }
    return leaks;
  }

  #nameOf(resource: object): string {
    const entry = this.#known.get(resource);
    return entry === undefined
      ? "something from outside the step"
      : entry.what();
  }

  /**
   * A channel is owned by its server, by a container, whose agents make its
   * calls, or by a client that reconnects.
   */
  #isServerSide(channel: object): boolean {
    const owner = this.#owners.get(channel);
    return owner !== undefined && this.#known.get(owner)?.kind !== "client";
  }
}

function describeCall({ id, path, args }: CallStarted): string {
  return path === null
    ? `pending call ${id} ${shorten(args[0])}`
    : `pending call ${id} of ${methodName(path)} ${shorten(args)}`;
}

/**
 * Names a method; one of a reference without the reference's number. The path
 * may be the other side's choice.
 */
function methodName(path: string | null | undefined): string {
  if (path === undefined || path === null) return "the other side";
  if (!path.startsWith(REFERENCE_PREFIX)) return `'${printable(path)}'`;
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  return slash === -1 ? "a function" : `'${printable(path.slice(slash + 1))}'`;
}
