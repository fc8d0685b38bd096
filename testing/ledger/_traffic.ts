import type { Channel } from "../../channel/channel.ts";
import type { MessageEvent } from "../../channel/internal.ts";

/** Messages from one address to another, as the channels there count them. */
interface Flow {
  readonly from: string;
  readonly to: string;
  sent: number;
  received: number;
}

/**
 * Counts the messages that are on their way between channels of one step. All
 * clients of a Unix socket have one address, and are counted together.
 */
export class Traffic {
  readonly #flows = new Map<string, Flow>();
  /** The two addresses of each channel, its own first. */
  readonly #ends = new Set<string>();
  readonly #servers = new Set<string>();

  /** Notes a server of the step. */
  addServer(address: string): void {
    this.#servers.add(address);
  }

  /** Notes a channel of the step. */
  addChannel({ localAddress, remoteAddress }: Channel): void {
    this.#ends.add(pair(localAddress, remoteAddress));
  }

  /** Counts a message that one of its ends reports. */
  addMessage({ channel, direction }: MessageEvent): void {
    const { localAddress, remoteAddress } = channel as Channel;
    if (direction === "out") this.#flow(localAddress, remoteAddress).sent++;
    else this.#flow(remoteAddress, localAddress).received++;
  }

  /** Notes that a channel has ended: what is on its way there is lost. */
  endChannel({ localAddress, remoteAddress }: Channel): void {
    const flow = this.#flow(remoteAddress, localAddress);
    flow.received = Math.max(flow.received, flow.sent);
  }

  /** How many messages are on their way. */
  get underWay(): number {
    let count = 0;
    for (const { from, to, sent, received } of this.#flows.values()) {
      // The channel of a server is not there yet when its first message is sent.
      const isReceiverHere = this.#servers.has(to) ||
        this.#ends.has(pair(to, from));
      const isHere = this.#ends.has(pair(from, to)) && isReceiverHere;
      if (isHere) count += Math.max(0, sent - received);
    }
    return count;
  }

  #flow(from: string, to: string): Flow {
    const key = pair(from, to);
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const flow = { from, to, sent: 0, received: 0 };
    this.#flows.set(key, flow);
    return flow;
  }
}

function pair(from: string, to: string): string {
  return `${from} ${to}`;
}
