import type { Session, SessionStarter } from "../../rpc/internal.ts";
import { world } from "../../transports/internal.ts";
import type { ContainerTraffic } from "../clock/_party.ts";

/** Methods of containers that wait for something to happen: nothing runs. */
const WAITING = "watch_aid";

/** The sessions of a container, and what goes on in them. */
export class Traffic {
  /** Work that ends by itself, beside the attempts to connect. */
  pending = 0;
  readonly #id = world.uuid();
  /** The sessions, each with the address that this side has connected to. */
  readonly #sessions = new Map<Session, string | null>();
  #named = 0;

  /** Returns a name for a connection that this container makes. */
  newName(): string {
    return `${this.#id}/${++this.#named}`;
  }

  /** Follows what `start` starts, at the address `to` if this side connects. */
  follow(start: SessionStarter, to: string | null): SessionStarter {
    return (channel) => {
      const session = start(channel);
      this.#sessions.set(session, to);
      channel.closed.then(() => this.#sessions.delete(session));
      return session;
    };
  }

  /**
   * Returns what goes on in the container at `address`. Connections in memory
   * are left out: the turns of the event loop tell of their messages.
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

  /** Returns how many methods run, or wait for their turn. */
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
