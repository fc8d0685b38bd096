import type { Channel } from "../../channel/channel.ts";
import type { MessageDirection } from "../../channel/internal.ts";
import { type ChartMessage, drawChart } from "./_sequence_chart.ts";

/** How many messages are kept. */
const CAPACITY = 30;

/** The last messages of a step, each once although both its ends report it. */
export class MessageLog {
  readonly #messages: ChartMessage[] = [];
  readonly #names = new WeakMap<Channel, string>();
  readonly #namesakes = new Map<string, number>();
  #total = 0;

  /** Adds what `channel`, on the server's side or the client's, reports. */
  add(
    channel: Channel,
    isServer: boolean,
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
  ): void {
    const message: ChartMessage = {
      client: this.#clientName(channel, isServer),
      server: isServer ? channel.localAddress : channel.remoteAddress,
      toServer: isServer === (direction === "in"),
      type,
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

  /** The messages as a chart, or `null` if there were none. */
  draw(): string | null {
    if (this.#messages.length === 0) return null;
    const { length } = this.#messages;
    const of = this.#total > length ? ` of ${this.#total}` : "";
    return `The last messages (${length}${of}):\n${drawChart(this.#messages)}`;
  }

  /**
   * The address of the client's end. All clients of a Unix socket have the
   * same one: the server is taken to hear first from the one that spoke first.
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
    sent.type === received.type && sent.toServer === received.toServer &&
    sent.client === received.client && sent.server === received.server;
}
