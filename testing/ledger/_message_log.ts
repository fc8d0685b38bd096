import type { MessageEvent } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { printable } from "../../transports/printable.ts";

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
  /** Whether the message has arrived. */
  received: boolean;
}

/** The number of messages that are kept. */
const CAPACITY = 30;

const MAX_CONTENT = 60;

/**
 * The last messages of a step, each listed once although both ends report it.
 */
export class MessageLog {
  readonly #messages: ChartMessage[] = [];
  readonly #names = new WeakMap<Channel, string>();
  readonly #namesakes = new Map<string, number>();
  #total = 0;

  /** Adds a message that was reported by the server's or the client's side. */
  add(event: MessageEvent, isServer: boolean): void {
    const { direction, kind, id, content } = event;
    const channel = event.channel as Channel;
    const message: ChartMessage = {
      client: this.#clientName(channel, isServer),
      server: isServer ? channel.localAddress : channel.remoteAddress,
      toServer: isServer === (direction === "in"),
      kind,
      id,
      content,
      received: direction === "in",
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
    return `The last messages (${length}${of}):\n${drawChart(this.#messages)}`;
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

function isSame(sent: ChartMessage, received: ChartMessage): boolean {
  return !sent.received && sent.id === received.id &&
    sent.kind === received.kind && sent.toServer === received.toServer &&
    sent.client === received.client && sent.server === received.server;
}

/**
 * Draws messages as a sequence chart in text, one line each. Clients and
 * servers are numbered if there are several.
 */
export function drawChart(messages: readonly ChartMessage[]): string {
  const clients = nameAll("client", messages.map(({ client }) => client));
  const servers = nameAll("server", messages.map(({ server }) => server));
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
): ReadonlyMap<string, string> {
  const unique = [...new Set(keys)];
  return new Map(unique.map((key, index) => [
    key,
    unique.length === 1 ? role : `${role} ${index + 1}`,
  ]));
}
