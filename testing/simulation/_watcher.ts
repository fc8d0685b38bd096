import type { Channel } from "../../channel/channel.ts";
import type { CallStarted, MessageEvent } from "../../channel/internal.ts";
import { isCall, type RpcEvent } from "../../rpc/internal.ts";
import type { ObservedEvent, Observer } from "../../transports/internal.ts";
import { shorten } from "../ledger/_message_log.ts";
import { currentProcess, isOutside } from "./_process.ts";
import type { TraceEvent } from "./trace/trace.ts";

/** Options for a {@linkcode Watcher}. */
export interface WatcherOptions {
  /** Whether to format messages as text; only their kind enters the hash. */
  readonly isRecorded: boolean;
  /** Returns the name of the node at an address. */
  readonly nameAt: (address: string) => string;
  /**
   * Receives a message; `hashed` is the part that is the same in each process.
   */
  readonly tell: (event: Omit<TraceEvent, "at">, hashed: string) => void;
}

interface PendingCall {
  readonly process: object | undefined;
  readonly text: string;
}

/** Formats a call as `path(argument)`, and any other message by its kind. */
export function describeMessage(kind: string, content: unknown): string {
  if (kind !== "request" || !isCall(content)) {
    return `${kind} ${shorten(content)}`;
  }
  const [path, args] = content;
  // In the call of a peer with extensions, the path is the first argument.
  if (path === "$/call" && typeof args[0] === "string") {
    const [called, own = [], kwargs = {}] = args;
    return describeMessage(kind, [called, own, kwargs]);
  }
  return `${path}(${args.map(shorten).join(", ")})`;
}

/** Observes the messages and calls of one run. */
export class Watcher implements Observer {
  readonly #options: WatcherOptions;
  readonly #calls = new Map<object, PendingCall>();
  readonly #underWay = new Map<string, number>();
  #messages = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  event(event: ObservedEvent): void {
    if (isOutside()) return;
    if (event.type === "message") return this.#message(event as MessageEvent);
    const it = event as RpcEvent;
    if (it.type === "call-started") this.#call(it);
    else if (it.type === "ended") this.#calls.delete(it.subject);
  }

  /**
   * Describes which process waits for which call, leaving out dead processes.
   */
  waits(isAlive: (process: object | undefined) => boolean): string[] {
    return [...this.#calls.values()]
      .filter(({ process }) => isAlive(process))
      .map(({ text }) => text);
  }

  #call({ side, channel, path, subject }: CallStarted): void {
    if (side !== "made") return;
    const process = currentProcess();
    const to = this.#options.nameAt((channel as Channel).remoteAddress);
    const text = `'${process?.name ?? ""}' waits for '${path}' of '${to}'`;
    this.#calls.set(subject, { process, text });
  }

  #message({ channel, direction, kind, id, content }: MessageEvent): void {
    const { nameAt, tell, isRecorded } = this.#options;
    const { localAddress, remoteAddress } = channel as Channel;
    const isOut = direction === "out";
    const ends = isOut
      ? [localAddress, remoteAddress] as const
      : [remoteAddress, localAddress] as const;
    const [from, to] = [nameAt(ends[0]), nameAt(ends[1])];
    const node = isOut ? from : to;
    const hashed = `${kind} ${from} ${to} ${direction}`;
    if (!isRecorded) return tell({ node, kind: "message", text: kind }, hashed);
    const text = describeMessage(kind, content);
    const number = this.#numberOf(`${ends.join(" ")} ${kind} ${id}`, isOut);
    tell({ node, kind: "message", text, from, to, id: number }, hashed);
  }

  /** Numbers messages per run, since their ids differ between processes. */
  #numberOf(key: string, isOut: boolean): number {
    const sent = this.#underWay.get(key);
    if (!isOut && sent !== undefined) {
      this.#underWay.delete(key);
      return sent;
    }
    const number = ++this.#messages;
    if (isOut) this.#underWay.set(key, number);
    return number;
  }
}
