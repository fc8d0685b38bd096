import type { MessageEvent } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { type ChartMessage, drawChart } from "./_sequence_chart.ts";

/** The number of messages that are kept. */
const CAPACITY = 30;

/** The last messages of a step, each once although both its ends report it. */
export class MessageLog {
  readonly #messages: ChartMessage[] = [];
  readonly #names = new WeakMap<Channel, string>();
  readonly #namesakes = new Map<string, number>();
  #total = 0;

  /** Adds a message that the server's or the client's side reports. */
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

  /** Returns the messages as a chart, or `null` if there were none. */
  draw(): string | null {
    if (this.#messages.length === 0) return null;
    const { length } = this.#messages;
    const of = this.#total > length ? ` of ${this.#total}` : "";
    return `The last messages (${length}${of}):\n${drawChart(this.#messages)}`;
  }

  /**
   * Returns the address of the client's end. All clients of a Unix socket share
   * one: the first of them to send is taken for the first that the server hears.
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
