import type { MessageEvent } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import type {
  Notifications,
  ObservedEvent,
  ResourceKind,
} from "../../transports/internal.ts";
import { type Activity, ActivityLog } from "./_activity.ts";
import { describeLeak, type Leak } from "./_leak.ts";
import { MessageLog } from "./_message_log.ts";
import {
  type Resource,
  ResourceTree,
  type ResourceTreeOptions,
} from "./_resource_tree.ts";

/**
 * Judges what leaks from one step. It is read when the body has ended, before
 * any clean-up, since clean-up ends most leaks, and again when nothing may be
 * left.
 */
export class Ledger implements Notifications {
  /** The messages of the step. */
  readonly log: MessageLog = new MessageLog();
  readonly #tree: ResourceTree;
  readonly #activities: ActivityLog;
  /** The resources that the step's clean-up closes. */
  readonly #kept = new WeakSet<object>();
  readonly #unsettled: Leak[] = [];

  /** Creates an empty ledger. */
  constructor(options: ResourceTreeOptions) {
    this.#tree = new ResourceTree(options);
    this.#activities = new ActivityLog(options);
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    this.#tree.opened(resource, kind, describe);
  }

  owned(resource: object, owner: object): void {
    this.#tree.owned(resource, owner);
  }

  handed(handle: object, resource: object): void {
    this.#tree.handed(handle, resource);
  }

  closed(resource: object): void {
    const wasOpen = this.#tree.closed(resource);
    if (!wasOpen || this.#tree.kindOf(resource) !== "channel") return;
    const channel = resource as Channel;
    const { pendingCalls, unansweredRequests } = channel.stats();
    if (pendingCalls + unansweredRequests === 0) return;
    const what =
      `pending calls (${pendingCalls}) and unanswered requests (${unansweredRequests}) at its end`;
    this.#unsettled.push(this.#ofChannel({ channel, what, stack: null }));
  }

  event(event: ObservedEvent): void {
    this.#activities.event(event);
    if (event.type !== "message") return;
    const message = event as MessageEvent;
    if (this.#tree.kindOf(message.channel) === undefined) return;
    this.log.add(message, this.#isServerSide(message.channel));
  }

  /** Marks a resource, or its handle, as one that the step closes itself. */
  keep(resource: object): void {
    this.#kept.add(this.#tree.real(resource));
  }

  /** Whether this is a resource of the step, or the handle of one. */
  knows(resource: object): boolean {
    return this.#tree.kindOf(resource) !== undefined;
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return [resource, ...this.#tree.ownersOf(resource)]
      .includes(this.#tree.real(owner));
  }

  /**
   * Returns what is open although the step does not close it, and the calls,
   * streams and references that its clients have not ended.
   */
  readBeforeCleanUp(): Leak[] {
    const leaked = this.#open().filter(({ resource, kind }) => {
      const owners = this.#tree.ownersOf(resource);
      if ([resource, ...owners].some((it) => this.#kept.has(it))) return false;
      // The file of a socket goes with its listener, which is listed, too.
      return kind !== "file" || owners.length > 0;
    });
    return [...this.#roots(leaked), ...this.#activitiesOfClients()];
  }

  /** Returns what is open, and what channels have not settled at their end. */
  readAll(): Leak[] {
    return [
      ...this.#roots(this.#open()),
      ...this.#unsettled,
      ...this.#endedChannels().flatMap((channel) => this.#servedOn(channel)),
    ];
  }

  /** Describes all that is open or pending, a line each. */
  describe(): string[] {
    const channels = this.#channels();
    const requests = channels.flatMap((channel) => {
      const { unansweredRequests } = channel.stats();
      const name = this.#tree.nameOf(channel);
      return unansweredRequests === 0
        ? []
        : [`unanswered requests at ${name}: ${unansweredRequests}`];
    });
    return [
      ...this.readAll().map(describeLeak),
      ...this.#activitiesOfClients().map(describeLeak),
      ...channels.flatMap((it) => this.#servedOn(it)).map(describeLeak),
      ...requests,
    ];
  }

  /** Clocks hold nothing themselves: what waits for one is open itself. */
  #open(): Resource[] {
    return this.#tree.open().filter(({ kind }) => kind !== "clock");
  }

  #channels(): Channel[] {
    return this.#tree.open("channel")
      .map(({ resource }) => resource as Channel);
  }

  /**
   * Returns the channels that are closed while something is under way on them.
   * Keeping all closed channels would hold their memory until the step ends.
   */
  #endedChannels(): object[] {
    const open = new Set<object>(this.#channels());
    return this.#activities.channels()
      .filter((channel) => this.knows(channel) && !open.has(channel));
  }

  /** The calls of a server's channels are the business of its handlers. */
  #activitiesOfClients(): Leak[] {
    return this.#channels()
      .filter((channel) => !this.#isServerSide(channel))
      .flatMap((channel) =>
        this.#activities.ownOf(channel, channel.stats().pendingCalls)
      )
      .map((activity) => this.#ofChannel(activity));
  }

  #servedOn(channel: object): Leak[] {
    const counts = this.#activities.servedOn(channel);
    if (counts.length === 0) return [];
    const what = counts.join(", ");
    return [this.#ofChannel({ channel, what, stack: null })];
  }

  #ofChannel({ channel, what, stack }: Activity): Leak {
    const owners = [channel, ...this.#tree.ownersOf(channel)]
      .map((it) => this.#tree.nameOf(it));
    return { what, owners, owned: new Map(), stack, resource: null };
  }

  /** Leaves out what ends with another resource that is listed. */
  #roots(resources: readonly Resource[]): Leak[] {
    const listed = new Set(resources.map(({ resource }) => resource));
    const leaks: Leak[] = [];
    for (const { resource, stack } of resources) {
      const owners = this.#tree.ownersOf(resource);
      if (owners.some((it) => listed.has(it))) continue;
      const owned = new Map<ResourceKind, number>();
      for (const it of resources) {
        if (!this.#tree.ownersOf(it.resource).includes(resource)) continue;
        owned.set(it.kind, (owned.get(it.kind) ?? 0) + 1);
      }
      leaks.push({
        what: this.#tree.nameOf(resource),
        owners: owners.map((it) => this.#tree.nameOf(it)),
        owned,
        stack,
        resource,
      });
    }
    return leaks;
  }

  /**
   * A channel is owned by its server, by a container, whose agents make its
   * calls, or by a client that reconnects.
   */
  #isServerSide(channel: object): boolean {
    const [owner] = this.#tree.ownersOf(channel);
    return owner !== undefined && this.#tree.kindOf(owner) !== "client";
  }
}
