import type { Channel } from "../../channel/channel.ts";
import type { MessageEvent } from "../../channel/internal.ts";

/** The messages from one address to another, as counted by the channels. */
interface Flow {
  readonly from: string;
  readonly to: string;
  sent: number;
  received: number;
}

/**
 * Counts the messages in transit between channels of one step. All clients of a
 * Unix socket share one address and are counted together.
 */
export class Traffic {
  readonly #flows = new Map<string, Flow>();
  /** The two addresses of each channel, its own first. */
  readonly #ends = new Set<string>();
  readonly #servers = new Set<string>();

  /** Records a server of the step. */
  addServer(address: string): void {
    this.#servers.add(address);
  }

  /** Records a channel of the step. */
  addChannel({ localAddress, remoteAddress }: Channel): void {
    this.#ends.add(pair(localAddress, remoteAddress));
  }

  /** Counts a message that was reported by one of its ends. */
  addMessage({ channel, direction }: MessageEvent): void {
    const { localAddress, remoteAddress } = channel as Channel;
    if (direction === "out") this.#flow(localAddress, remoteAddress).sent++;
    else this.#flow(remoteAddress, localAddress).received++;
  }

  /** Records that a channel has ended: messages in transit to it are lost. */
  endChannel({ localAddress, remoteAddress }: Channel): void {
    const flow = this.#flow(remoteAddress, localAddress);
    flow.received = Math.max(flow.received, flow.sent);
  }

  /** The number of messages in transit. */
  get underWay(): number {
    let count = 0;
    for (const { from, to, sent, received } of this.#flows.values()) {
      const isHere = this.#ends.has(pair(from, to)) && this.reaches(from, to);
      if (isHere) count += Math.max(0, sent - received);
    }
    return count;
  }

  /** Whether messages from one address to another arrive in the step. */
  reaches(from: string, to: string): boolean {
    // A server's channel does not exist yet when the first message is sent.
    return this.#servers.has(to) || this.#ends.has(pair(to, from));
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
