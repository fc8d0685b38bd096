import type { Channel } from "../../channel/channel.ts";
import {
  MESSAGE_KINDS,
  type MessageDirection,
  type MessageEvent,
} from "../../channel/internal.ts";
import type {
  Notifications,
  ObservedEvent,
  ResourceKind,
} from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { CallLog } from "./_call_log.ts";
import { describeLeak, type Leak } from "./_leak.ts";
import { MessageLog } from "./_message_log.ts";
import { type Held, RpcLog } from "./_rpc_log.ts";
import { rpcTables } from "./_rpc_tables.ts";
import { stackAbove } from "./_stack.ts";

interface Entry {
  readonly resource: object;
  readonly kind: ResourceKind;
  readonly describe: () => string;
  readonly stack: string | null;
}

/** What a {@linkcode Ledger} is made with. */
export interface LedgerOptions {
  /** Whether to keep the stack of everything that is opened, and each call. */
  readonly trace: boolean;
  /** Whether the running code belongs to the ledger's step. */
  readonly isCurrent: () => boolean;
}

/**
 * Counts what the package opens and closes on behalf of one step. It is read
 * when the body has ended, before any clean-up, since clean-up would end much
 * of what leaked, and again when all should be gone.
 */
export class Ledger implements Notifications {
  /** The messages of the step. */
  readonly log: MessageLog = new MessageLog();
  readonly #options: LedgerOptions;
  readonly #open = new Map<object, Entry>();
  /** All that were ever open, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Entry>();
  readonly #owners = new WeakMap<object, object>();
  /** What users close resources by, if it is not the resource itself. */
  readonly #handed = new WeakMap<object, object>();
  /** What the step's clean-up will end. */
  readonly #kept = new WeakSet<object>();
  readonly #calls = new CallLog();
  readonly #rpc = new RpcLog();
  /** Channels of RPC clients and servers' connections that have ended. */
  readonly #endedRpc: Channel[] = [];
  readonly #unsettled: Leak[] = [];

  /** Makes an empty ledger. */
  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    const stack = this.#options.trace ? stackAbove(this.opened) : null;
    const entry = { resource, kind, describe, stack };
    this.#open.set(resource, entry);
    this.#known.set(resource, entry);
  }

  owned(resource: object, owner: object): void {
    this.#owners.set(this.#real(resource), this.#real(owner));
  }

  closed(resource: object): void {
    if (this.#open.get(resource)?.kind === "channel") {
      const channel = resource as Channel;
      this.#checkTables(channel);
      if (rpcTables(channel) !== null) this.#endedRpc.push(channel);
    }
    this.#open.delete(resource);
  }

  /** A channel that ends must settle all that waits on it. */
  #checkTables(channel: Channel): void {
    const { pendingCalls, unansweredRequests } = channel.stats();
    if (pendingCalls + unansweredRequests === 0) return;
    this.#unsettled.push(this.#ofChannel(channel, {
      what:
        `pending calls (${pendingCalls}) and unanswered requests (${unansweredRequests}) at its end`,
      stack: null,
    }));
  }

  event(event: ObservedEvent): void {
    if (event.type !== "message") return;
    const { channel, direction, kind, id, content } = event as MessageEvent;
    this.message(channel, direction, MESSAGE_KINDS.indexOf(kind), id, content);
  }

  /** A message passed through `channel`; `type` is its number on the wire. */
  message(
    channel: object,
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
  ): void {
    if (!this.#known.has(channel)) return;
    const isServer = this.#isServerSide(channel);
    this.log.add(channel as Channel, isServer, direction, type, id, content);
    const isCall = type === 0 && direction === "out";
    const stack = isCall && this.#options.trace
      ? stackAbove(this.message)
      : null;
    this.#rpc.message(channel, direction, type, id, content, stack);
    if (isCall) {
      this.#calls.sent(channel, id, { content, stack });
    } else if (type !== 0 && direction === "in") {
      this.#calls.answered(channel, id);
    }
  }

  handed(handle: object, resource: object): void {
    this.#handed.set(handle, resource);
  }

  /**
   * The step will end `resource` itself, and with it all that it owns. It may
   * be what the user was handed for it.
   */
  keep(resource: object): void {
    this.#kept.add(this.#real(resource));
  }

  /** What a handle stands for; anything else stands for itself. */
  #real(handle: object): object {
    const resource = this.#handed.get(handle);
    return resource === undefined ? handle : this.#real(resource);
  }

  /** Whether the ledger has heard of this, or of what it was handed for. */
  knows(resource: object): boolean {
    return this.#known.has(this.#real(resource));
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return this.#lineage(resource).includes(this.#real(owner));
  }

  /**
   * What is open though the step is not going to end it, the calls of clients
   * that are pending, and what clients hold of their servers.
   */
  readBeforeCleanUp(): Leak[] {
    const leaked = this.#holding().filter(({ resource, kind }) => {
      if (this.#lineage(resource).some((it) => this.#kept.has(it))) {
        return false;
      }
      // A socket's file stands and falls with its listener, which is here too.
      return kind !== "file" || this.#owners.has(resource);
    });
    return [...this.#roots(leaked), ...this.#heldByClients()];
  }

  /** All that is open, and what channels did not settle at their end. */
  readAll(): Leak[] {
    return [
      ...this.#roots(this.#holding()),
      ...this.#unsettled,
      ...this.#endedRpc.flatMap((channel) => this.#tablesOf(channel)),
    ];
  }

  /** All that is open and all that is pending, a line each. */
  describe(): string[] {
    const requests = this.#channels().flatMap((channel) => {
      const { unansweredRequests } = channel.stats();
      return unansweredRequests === 0 ? [] : [
        `unanswered requests at ${this.#name(channel)}: ${unansweredRequests}`,
      ];
    });
    const tables = this.#channels().flatMap((it) => this.#tablesOf(it));
    return [
      ...[...this.readAll(), ...this.#heldByClients(), ...tables].map(
        describeLeak,
      ),
      ...requests,
    ];
  }

  /** What is open, but for clocks: all that a clock holds is here itself. */
  #holding(): Entry[] {
    return [...this.#open.values()].filter(({ kind }) => kind !== "clock");
  }

  #channels(): Channel[] {
    return [...this.#open.values()].filter(({ kind }) => kind === "channel")
      .map(({ resource }) => resource as Channel);
  }

  /** What a server's channels call and hold is its handlers' business. */
  #heldByClients(): Leak[] {
    const clients = this.#channels().filter((it) => !this.#isServerSide(it));
    return clients.flatMap((channel) => {
      const isRpc = rpcTables(channel) !== null;
      const { pendingCalls } = channel.stats();
      return [
        ...this.#calls.describe(channel, pendingCalls, { isRpc }),
        ...(isRpc ? this.#rpc.describe(channel) : []),
      ].map((held) => this.#ofChannel(channel, held));
    });
  }

  /** The tables of an RPC connection that are not empty. */
  #tablesOf(channel: Channel): Leak[] {
    const tables = rpcTables(channel) ?? [];
    if (tables.length === 0) return [];
    return [this.#ofChannel(channel, { what: tables.join(", "), stack: null })];
  }

  #ofChannel(channel: Channel, { what, stack }: Held): Leak {
    return {
      what,
      owners: this.#lineage(channel).map((it) => this.#name(it)),
      owned: new Map(),
      stack,
      resource: null,
    };
  }

  /** Leaves out what would end with another that is listed. */
  #roots(entries: readonly Entry[]): Leak[] {
    const listed = new Set(entries.map(({ resource }) => resource));
    return entries.flatMap(({ resource, stack }) => {
      const ancestors = this.#ancestors(resource);
      if (ancestors.some((it) => listed.has(it))) return [];
      const owned = new Map<ResourceKind, number>();
      for (const it of entries) {
        if (!this.#ancestors(it.resource).includes(resource)) continue;
        owned.set(it.kind, (owned.get(it.kind) ?? 0) + 1);
      }
      return [{
        what: this.#name(resource),
        owners: ancestors.map((it) => this.#name(it)),
        owned,
        stack,
        resource,
      }];
    });
  }

  /**
   * What owns a channel is its server, a client that reconnects, or a container,
   * whose agents' calls are their own business as those of handlers are.
   */
  #isServerSide(channel: object): boolean {
    const owner = this.#owners.get(channel);
    return owner !== undefined && this.#known.get(owner)?.kind !== "client";
  }

  #lineage(resource: object): object[] {
    return [resource, ...this.#ancestors(resource)];
  }

  #ancestors(resource: object): object[] {
    const ancestors: object[] = [];
    let owner = this.#owners.get(resource);
    while (owner !== undefined) {
      ancestors.push(owner);
      owner = this.#owners.get(owner);
    }
    return ancestors;
  }

  #name(resource: object): string {
    const entry = this.#known.get(resource);
    if (entry === undefined) return "something from outside the step";
    // Other sides choose some names, such as those of agents.
    return `${entry.kind} (${printable(entry.describe())})`;
  }
}
