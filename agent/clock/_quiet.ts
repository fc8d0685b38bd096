import type { ContainerTraffic, LinkTraffic } from "./_party.ts";

/** The two ends of a connection, as far as they are reported. */
interface Ends {
  initiator?: LinkTraffic;
  acceptor?: LinkTraffic;
}

/**
 * Judges whether messages are on their way between containers. Each of the
 * reports was made while nothing went on at its container by itself, but not all
 * at the same moment. If then for each connection one end has received what the
 * other has sent, no container can have begun to work after its own report: the
 * first one to do so would have got a message that was sent before another
 * report, and is counted there only.
 *
 * Connections to programs that never reported are left out.
 */
export class Quiet {
  readonly #ids = new Set<string>();
  readonly #addresses = new Set<string>();

  /** Returns what is under way, in a few words; `null` if nothing is. */
  underWay(reports: readonly ContainerTraffic[]): string | null {
    const links = new Map<string, Ends>();
    for (const { id, address } of reports) {
      this.#ids.add(id);
      this.#addresses.add(address);
    }
    for (const report of reports) {
      if (report.pending > 0) return `'${report.address}' connects or spawns`;
      for (const link of report.links) {
        const ends = links.get(link.name) ?? {};
        links.set(link.name, ends);
        ends[link.to === null ? "acceptor" : "initiator"] = link;
      }
    }
    for (const [name, ends] of links) {
      const problem = this.#problemOf(name, ends);
      if (problem !== null) return problem;
    }
    return null;
  }

  #problemOf(name: string, { initiator, acceptor }: Ends): string | null {
    if (initiator !== undefined && acceptor !== undefined) {
      // Each way by itself: a report that is made later may count more.
      const isEqual = initiator.sent === acceptor.received &&
        acceptor.sent === initiator.received;
      return isEqual ? null : `messages to or from '${initiator.to}'`;
    }
    // One end has not heard yet of the other one's begin or end.
    const isKnown = initiator === undefined
      ? this.#ids.has(name.slice(0, name.indexOf("/")))
      : this.#addresses.has(initiator.to!);
    if (!isKnown) return null;
    return `a connection to '${initiator?.to ?? "a container that is gone"}'`;
  }
}
