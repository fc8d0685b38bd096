import type { Session, SessionStarter } from "../../rpc/internal.ts";
import { world } from "../../transports/internal.ts";
import type { ContainerTraffic } from "../clock/_party.ts";

/** A method that only waits for an event, and so does not count as running. */
const WAITING = "watch_aid";

/** The sessions of a container, and their traffic. */
export class Traffic {
  /** Work in progress that ends by itself, besides connection attempts. */
  pending = 0;
  readonly #id = world.uuid();
  /** The sessions, each with the address to which this side has connected. */
  readonly #sessions = new Map<Session, string | null>();
  #named = 0;

  /** Returns a new name for a connection that this container makes. */
  newName(): string {
    return `${this.#id}/${++this.#named}`;
  }

  /**
   * Tracks the sessions that `start` starts; `to` is the address if this side
   * connects.
   */
  follow(start: SessionStarter, to: string | null): SessionStarter {
    return (channel) => {
      const session = start(channel);
      this.#sessions.set(session, to);
      channel.closed.then(() => this.#sessions.delete(session));
      return session;
    };
  }

  /**
   * Returns the traffic of the container at `address`. In-memory connections
   * are left out, since their messages show in the turns of the event loop.
   */
  report(address: string): ContainerTraffic {
    const links: ContainerTraffic["links"][number][] = [];
    for (const [{ channel, hello, options }, to] of this.#sessions) {
      const name = to === null ? hello.peerName : options.connectionName;
      if (name === undefined || isInMemory(channel.remoteAddress)) continue;
      const { framesIn: received, framesOut: sent } = channel.counts;
      links.push({ name, to, sent, received });
    }
    return { id: this.#id, address, links, pending: this.pending };
  }

  /** Returns the number of methods that run or wait for their turn. */
  running(): number {
    let count = 0;
    for (const { served } of this.#sessions.keys()) {
      count += served.countRunning((path) => path !== WAITING);
    }
    return count;
  }
}

function isInMemory(address: string): boolean {
  return address.startsWith("local:");
}
