import { ExternalClock } from "../../agent/clock/external_clock.ts";
import { isRunning } from "../../agent/clock/pace.ts";
import type { MessageEvent } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import type { RpcEvent } from "../../rpc/internal.ts";
import type {
  Notifications,
  ObservedEvent,
  ResourceKind,
} from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { Activities } from "./_activities.ts";
import { Entries, type Entry } from "./_entries.ts";
import { describeLeak, describeOwned, type Leak } from "./_leak.ts";
import { MessageLog } from "./_message_log.ts";
import { Traffic } from "./_traffic.ts";
import { Stack } from "./_stack.ts";

/** What to do about a wait for a clock that stands still. */
const HOW_TO_RUN =
  "(run the clock with 'ctx.fastForward', or with 'fastForward' if it is your own)";

/** Options for a {@linkcode Ledger}. */
export interface LedgerOptions {
  /** Whether leaks include whole stacks, instead of one line of user code. */
  readonly trace: boolean;
  /** Whether the running code belongs to the step. */
  readonly isCurrent: () => boolean;
}

/**
 * Tracks everything that one step has open or pending, and decides what is a
 * leak. It is read when the body has ended, before any clean-up, since clean-up
 * ends most leaks; and again when nothing may be left.
 */
export class Ledger implements Notifications {
  /** The messages in transit. */
  readonly traffic: Traffic = new Traffic();
  /** The messages of the step. */
  readonly log: MessageLog = new MessageLog(this.traffic);
  readonly #options: LedgerOptions;
  readonly #entries = new Entries();
  readonly #activities = new Activities(this.#entries);
  /** The resources that the step's clean-up closes. */
  readonly #kept = new WeakSet<object>();
  readonly #unsettled: Leak[] = [];
  #empty: PromiseWithResolvers<void> | null = null;

  /** Creates an empty ledger. */
  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    // The peer chooses some names, such as those of agents.
    const what = () => `${kind} (${printable(describe())})`;
    const stack = new Stack();
    if (kind === "server") this.traffic.addServer(describe());
    if (kind === "channel") this.traffic.addChannel(resource as Channel);
    this.#entries.add({
      resource,
      kind,
      what,
      isOwn: true,
      isNamed: true,
      stack,
    });
  }

  owned(resource: object, owner: object): void {
    this.#entries.setOwner(resource, owner);
  }

  handed(handle: object, resource: object): void {
    this.#entries.setHandle(handle, resource);
  }

  closed(resource: object): void {
    const wasOpen = this.#entries.remove(resource);
    const isChannel = this.#entries.find(resource)?.kind === "channel";
    if (isChannel) this.traffic.endChannel(resource as Channel);
    if (wasOpen && isChannel) this.#noteUnsettled(resource as Channel);
    this.#onRemoved();
  }

  event(event: ObservedEvent): void {
    const it = event as RpcEvent | MessageEvent;
    if (it.type === "message") {
      if (!this.knows(it.channel)) return;
      this.log.add(it, {
        isServer: this.#entries.isServerSide(it.channel),
        container: this.#entries.containerOf(it.channel)?.address ?? null,
      });
      this.traffic.addMessage(it);
    } else {
      this.#activities.add(it);
      this.#onRemoved();
    }
  }

  /** Marks a resource, or its handle, as closed by the step itself. */
  keep(resource: object): void {
    this.#kept.add(this.#entries.real(resource));
  }

  /** Whether `resource` is a resource of the step, or a handle of one. */
  knows(resource: object): boolean {
    return this.#entries.find(resource) !== undefined;
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return this.#entries.belongs(resource, owner);
  }

  /**
   * Returns everything open that the step does not close, and the calls,
   * streams and references that its clients have not ended.
   */
  readBeforeCleanUp(): Leak[] {
    const leaked = this.#resources().filter(({ resource, kind }) => {
      const chain = this.#entries.chain(resource);
      if (chain.some((it) => this.#kept.has(it))) return false;
      // The step cannot close these. They may end a moment after their owner.
      if (kind === "task" || kind === "subscription") return false;
      // The file of a socket ends with its listener, which is also listed.
      return kind !== "file" || chain.length > 1;
    });
    return [...this.#roots(leaked), ...this.#begunHere()];
  }

  /**
   * Returns everything still open, and the work that channels left unsettled.
   */
  readAll(): Leak[] {
    return [
      ...this.#roots(this.#resources()),
      ...this.#unsettled,
      ...this.#served((channel) => !this.#entries.isOpen(channel)),
    ];
  }

  /** Resolves when {@linkcode Ledger.readAll} returns an empty list. */
  emptied(): Promise<void> {
    this.#empty ??= Promise.withResolvers();
    this.#onRemoved();
    return this.#empty.promise;
  }

  /** Describes pending work that a body may be waiting for, one line each. */
  describeWaits(): string[] {
    const waits = this.#resources().filter(({ resource, kind }) =>
      kind === "task" || kind === "handler" || this.#isWaitOfClock(resource)
    );
    const leaks = [
      ...this.#begunHere(),
      ...this.#served(() => true),
      ...waits.map((it) => this.#waitOf(it)),
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

  /** Describes open resources, one line each. */
  describeOpen(): string[] {
    const listed = this.#resources()
      .filter(({ resource }) => !this.#isWaitOfClock(resource));
    return this.#roots(listed).map(describeLeak);
  }

  #waitOf(entry: Entry): Leak {
    const leak = this.#leakOf(entry);
    const clock = this.#entries.ownerOf(entry.resource);
    const standsStill = clock instanceof ExternalClock && !isRunning(clock);
    return standsStill ? { ...leak, what: `${leak.what} ${HOW_TO_RUN}` } : leak;
  }

  /** Whether the resource is a sleep or call of a clock, not a time limit. */
  #isWaitOfClock(resource: object): boolean {
    const owner = this.#entries.ownerOf(resource);
    return this.#entries.find(owner)?.kind === "clock";
  }

  #onRemoved(): void {
    if (this.#empty !== null && this.readAll().length === 0) {
      this.#empty.resolve();
    }
  }

  /** Records the unsettled calls and requests of a channel that just ended. */
  #noteUnsettled(channel: Channel): void {
    const { pendingCalls, unansweredRequests } = channel.stats();
    if (pendingCalls + unansweredRequests === 0) return;
    const what =
      `pending calls (${pendingCalls}) and unanswered requests (${unansweredRequests}) at its end`;
    this.#unsettled.push(this.#leakOn(channel, what));
  }

  /** Clocks are left out: anything that waits for a clock is itself open. */
  #resources(): Entry[] {
    return this.#entries.values()
      .filter(({ kind }) => kind !== null && kind !== "clock");
  }

  /**
   * Returns the activities that this side must end. A server's handlers must
   * end the calls on its channels, containers those of their agents, and
   * engines their own.
   */
  #begunHere(): Leak[] {
    return [...this.#activities.byChannel(true)]
      .filter(([channel]) =>
        this.#entries.isOpen(channel) && !this.#endsItsCalls(channel)
      )
      .flatMap(([channel, entries]) => {
        const isServerSide = this.#entries.isServerSide(channel);
        return entries.filter((it) => it.isKept || !isServerSide)
          .map((it) => this.#leakOn(channel, it.what(), it.stack));
      });
  }

  #endsItsCalls(channel: object): boolean {
    return this.#entries.chain(channel)
      .map((it) => this.#entries.find(it)?.kind)
      .some((kind) => kind === "container" || kind === "engine");
  }

  /**
   * Names what some channels run for the peer, and counts unnamed activities.
   */
  #served(isWanted: (channel: object) => boolean): Leak[] {
    return [...this.#activities.byChannel(false)]
      .filter(([channel]) => isWanted(channel))
      .flatMap(([channel, entries]) => {
        const [named, counted] = [true, false].map((isNamed) =>
          entries.filter((it) => it.isNamed === isNamed)
        );
        const counts = [...Map.groupBy(counted!, ({ what }) => what())]
          .map(([what, { length }]) => `${what} (${length})`);
        return [
          ...named!.map((it) => this.#leakOn(channel, it.what(), it.stack)),
          ...counts.map((it) => this.#leakOn(channel, it)),
        ];
      });
  }

  #leakOn(channel: object, what: string, stack: Stack | null = null): Leak {
    return {
      what,
      owners: this.#namesOf(this.#entries.chain(channel)),
      owned: [],
      stack: this.#show(stack),
      resource: null,
    };
  }

  /** Removes resources that end with another listed resource. */
  #roots(resources: readonly Entry[]): Leak[] {
    const listed = new Set(resources.map(({ resource }) => resource));
    const leaks: Leak[] = [];
    for (const entry of resources) {
      const { resource } = entry;
      const [, ...owners] = this.#entries.chain(resource);
      if (owners.some((it) => listed.has(it))) continue;
      const owned = resources.filter((it) =>
        it.resource !== resource && this.belongs(it.resource, resource)
      );
      leaks.push({ ...this.#leakOf(entry), owned: describeOwned(owned) });
    }
    return leaks;
  }

  #leakOf({ resource, what, stack }: Entry): Leak {
    const [, ...owners] = this.#entries.chain(resource);
    return {
      what: what(),
      owners: this.#namesOf(owners),
      owned: [],
      stack: this.#show(stack) ?? this.#firstFrame(owners),
      resource,
    };
  }

  #namesOf(resources: readonly object[]): string[] {
    return resources.map((it) => this.#entries.nameOf(it));
  }

  /**
   * Returns the user frame of the nearest owner that has one: the package
   * itself starts handlers, so their server shows where they come from.
   */
  #firstFrame(owners: readonly object[]): string | null {
    for (const owner of owners) {
      const frame = this.#entries.find(owner)?.stack?.userFrame() ?? null;
      if (frame !== null) return frame;
    }
    return null;
  }

  #show(stack: Stack | null): string | null {
    if (stack === null) return null;
    return this.#options.trace ? stack.toString() : stack.userFrame();
  }
}
