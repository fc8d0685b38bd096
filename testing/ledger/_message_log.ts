import type { MessageEvent } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { printable } from "../../transports/printable.ts";
import type { Traffic } from "./_traffic.ts";

/** A message in a chart, which shows the client left and the server right. */
export interface ChartMessage {
  /** Any text that identifies the client. */
  readonly client: string;
  /** Any text that identifies the server. */
  readonly server: string;
  readonly toServer: boolean;
  readonly kind: MessageEvent["kind"];
  readonly id: number;
  readonly content: unknown;
  /** Whether the message has arrived, or its arrival would not be known. */
  received: boolean;
}

/** A message and the addresses of the two ends of its connection. */
interface LoggedMessage extends ChartMessage {
  readonly from: string;
  readonly to: string;
}

/** The end of a connection that reports a message. */
export interface ReportingEnd {
  /** Whether this end has accepted the connection. */
  readonly isServer: boolean;
  /** The address of the container whose agents use it; `null` without one. */
  readonly container: string | null;
}

/** The number of messages that are kept. */
const CAPACITY = 30;

const MAX_CONTENT = 60;

/**
 * The last messages of a step, each listed once although both ends report it.
 */
export class MessageLog {
  readonly #traffic: Pick<Traffic, "reaches">;
  readonly #messages: LoggedMessage[] = [];
  readonly #names = new WeakMap<Channel, string>();
  readonly #namesakes = new Map<string, number>();
  /** The addresses of containers, by the names of their ends. */
  readonly #containers = new Map<string, string>();
  #total = 0;

  /** Creates an empty log of messages that `traffic` counts, too. */
  constructor(traffic: Pick<Traffic, "reaches">) {
    this.#traffic = traffic;
  }

  /** Adds a message that was reported by one of its ends. */
  add(event: MessageEvent, { isServer, container }: ReportingEnd): void {
    const { direction, kind, id, content } = event;
    const channel = event.channel as Channel;
    const { localAddress, remoteAddress } = channel;
    const client = this.#clientName(channel, isServer);
    const server = isServer ? localAddress : remoteAddress;
    if (container !== null) {
      this.#containers.set(isServer ? server : client, container);
      // Containers connect to containers, which may be of other processes.
      if (!this.#containers.has(server)) this.#containers.set(server, server);
    }
    const received = direction === "in";
    const message: LoggedMessage = {
      client,
      server,
      toServer: isServer === received,
      from: received ? remoteAddress : localAddress,
      to: received ? localAddress : remoteAddress,
      kind,
      id,
      content,
      received,
    };
    if (message.received) {
      const sent = this.#messages.find((it) => isSame(it, message));
      if (sent !== undefined) {
        sent.received = true;
        return;
      }
    }
    this.#total++;
    this.#messages.push(message);
    if (this.#messages.length > CAPACITY) this.#messages.shift();
  }

  /** Returns the messages as a chart, or `null` if there are none. */
  draw(): string | null {
    if (this.#messages.length === 0) return null;
    const { length } = this.#messages;
    const of = this.#total > length ? ` of ${this.#total}` : "";
    const messages = this.#messages.map((it) => ({
      ...it,
      // Other processes do not report what they receive.
      received: it.received || !this.#traffic.reaches(it.from, it.to),
    }));
    const chart = drawChart(messages, this.#containers);
    return `The last messages (${length}${of}):\n${chart}`;
  }

  /**
   * Returns the address and the number of the client's end. All clients of a
   * Unix socket share one address: the first of them to send is assumed to be
   * the first that the server hears.
   */
  #clientName(channel: Channel, isServer: boolean): string {
    const known = this.#names.get(channel);
    if (known !== undefined) return known;
    const address = isServer ? channel.remoteAddress : channel.localAddress;
    const side = `${isServer} ${address}`;
    const namesake = (this.#namesakes.get(side) ?? 0) + 1;
    this.#namesakes.set(side, namesake);
    const name = `${address} ${namesake}`;
    this.#names.set(channel, name);
    return name;
  }
}

function isSame(sent: LoggedMessage, received: LoggedMessage): boolean {
  return !sent.received && sent.id === received.id &&
    sent.kind === received.kind && sent.toServer === received.toServer &&
    sent.client === received.client && sent.server === received.server;
}

/**
 * Draws messages as a sequence chart in text, one line each. Clients and
 * servers with an address in `containers` are shown by it; the others are
 * numbered if there are several.
 */
export function drawChart(
  messages: readonly ChartMessage[],
  containers: ReadonlyMap<string, string> = new Map(),
): string {
  const ends = (role: "client" | "server") =>
    nameAll(role, messages.map((it) => it[role]), containers);
  const clients = ends("client");
  const servers = ends("server");
  const rows = messages.map((message) => ({
    route: [
      clients.get(message.client)!,
      message.toServer ? "──▶" : "◀──",
      servers.get(message.server)!,
    ],
    message,
  }));
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map(({ route }) => route[column]!.length))
  );
  return rows.map(({ route, message }) =>
    [
      ...route.map((text, column) => text.padEnd(widths[column]!)),
      message.kind.padEnd(7),
      String(message.id).padStart(2),
      shorten(message.content) + (message.received ? "" : "  (not received)"),
    ].join(" ")
  ).join("\n");
}

/** Formats a value as one short line that is safe to print in a terminal. */
export function shorten(content: unknown): string {
  const text = Deno.inspect(content, {
    breakLength: Infinity,
    compact: true,
    depth: 3,
    iterableLimit: 10,
    strAbbreviateSize: MAX_CONTENT,
  }).replaceAll("\n", " ");
  return printable(text, MAX_CONTENT);
}

function nameAll(
  role: string,
  keys: readonly string[],
  containers: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const unique = [...new Set(keys)];
  const others = unique.filter((key) => !containers.has(key));
  return new Map(unique.map((key) => {
    const container = containers.get(key);
    if (container !== undefined) return [key, printable(container)];
    const number = others.indexOf(key) + 1;
    return [key, others.length === 1 ? role : `${role} ${number}`];
  }));
}
