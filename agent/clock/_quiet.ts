import type { ContainerTraffic, LinkTraffic } from "./_party.ts";

/** The reported ends of a connection. */
interface Ends {
  initiator?: LinkTraffic;
  acceptor?: LinkTraffic;
}

/**
 * Detects messages that are under way between containers. Each report was made
 * while its container was idle, but the reports were made at different moments.
 * Suppose that on each connection, each end has received exactly what the other
 * end has sent. Then no container can have started to work after its own
 * report: the first container to do so would have received a message that was
 * sent before another report, and is counted only in that report.
 *
 * Connections to programs that have never reported are ignored.
 */
export class Quiet {
  readonly #ids = new Set<string>();
  readonly #addresses = new Set<string>();

  /** Describes in a few words what is under way; `null` if nothing is. */
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
      // Each direction separately: a later report may count more messages.
      const isEqual = initiator.sent === acceptor.received &&
        acceptor.sent === initiator.received;
      return isEqual ? null : `messages to or from '${initiator.to}'`;
    }
    // Only one end has noticed yet that the connection began or ended.
    const isKnown = initiator === undefined
      ? this.#ids.has(name.slice(0, name.indexOf("/")))
      : this.#addresses.has(initiator.to!);
    if (!isKnown) return null;
    return `a connection to '${initiator?.to ?? "a container that is gone"}'`;
  }
}
