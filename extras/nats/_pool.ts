import { type Hold, Link } from "./_link.ts";
import type { NatsTransportOptions } from "./options.ts";

/** A link, and a hold that keeps it open. */
export interface HeldLink {
  readonly link: Link;
  readonly hold: Hold;
}

/** The links of a transport: one to each server, while it has holders. */
export class LinkPool {
  readonly #options: NatsTransportOptions;
  readonly #links = new Map<string, Promise<Link>>();

  /** Creates links with `options`. */
  constructor(options: NatsTransportOptions) {
    this.#options = options;
  }

  /** Resolves to the link to `server`; rejects if it cannot be reached. */
  async acquire(server: string): Promise<HeldLink> {
    for (;;) {
      const opening = this.#links.get(server) ?? this.#open(server);
      const link = await opening;
      const hold = link.hold();
      if (hold !== null) return { link, hold };
      // The link has ended, or is about to.
      this.#forget(server, opening);
    }
  }

  #open(server: string): Promise<Link> {
    const { connection = {}, probeMs = PROBE_MS } = this.#options;
    const opening = Link.open(server, connection, probeMs);
    this.#links.set(server, opening);
    opening.catch(() => this.#forget(server, opening));
    return opening;
  }

  #forget(server: string, link: Promise<Link>): void {
    if (this.#links.get(server) === link) this.#links.delete(server);
  }
}

const PROBE_MS = 1_000;
