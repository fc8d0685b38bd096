import { HandshakeError } from "../../transports/errors.ts";
import { HostGroups, hostOf } from "../../transports/hosts.ts";
import type { Connection } from "../../transports/transport.ts";
import { Timers } from "../timers/_timers.ts";
import type { HandshakeLimits } from "./limits.ts";

/** The reason for ending a handshake when the peer is not at fault. */
export const GIVEN_UP = new Error("Cannot go on with a handshake: given up");

/**
 * The unfinished handshakes of a server. They are independent, so a slow
 * handshake does not delay others. Their time and number are limited.
 */
export class Handshakes {
  /** The connections with unfinished handshakes, and how to abort each. */
  readonly running: Map<Connection, AbortController> = new Map();
  readonly #limits: HandshakeLimits;
  readonly #timers: Timers;
  /** The same connections, by the hosts of their clients. */
  readonly #byHost = new HostGroups<Connection>();

  /** Creates the handshakes of `server`. */
  constructor(server: object, limits: HandshakeLimits) {
    this.#limits = limits;
    this.#timers = new Timers(server);
  }

  /**
   * Runs the handshake of `connection`, and returns its result.
   *
   * @throws {HandshakeError} If the sides cannot agree, or not in time.
   * @throws {unknown} {@linkcode GIVEN_UP} if the server gave up the handshake.
   */
  async run(connection: Connection): Promise<Connection> {
    const { timeoutMs } = this.#limits;
    const { remoteAddress: address } = connection;
    const ending = new AbortController();
    this.running.set(connection, ending);
    this.#byHost.add(hostOf(address), connection);
    const onTime = () => ending.abort(tookTooLong(address, timeoutMs));
    const timeout = this.#timers
      .start("handshake", timeoutMs, onTime, { patient: true });
    try {
      return await connection.handshake!(ending.signal, timeoutMs);
    } finally {
      timeout.stop();
      this.running.delete(connection);
      this.#byHost.delete(hostOf(address), connection);
    }
  }

  /**
   * Makes room for another handshake. At the limit, gives up the oldest
   * handshake of the host that has the most. Returns whether the limit was
   * reached.
   */
  makeRoom(): boolean {
    if (this.running.size < this.#limits.max) return false;
    const oldest = this.#byHost.takeOldestOfLargest();
    if (oldest !== undefined) this.#giveUp(oldest);
    return true;
  }

  /** Gives up all handshakes. */
  close(): void {
    for (const connection of this.running.keys()) this.#giveUp(connection);
  }

  #giveUp(connection: Connection): void {
    this.running.get(connection)?.abort(GIVEN_UP);
    this.running.delete(connection);
  }
}

function tookTooLong(address: string, timeoutMs: number): HandshakeError {
  return new HandshakeError(
    `Cannot accept '${address}': the handshake was not done within ${timeoutMs} ms`,
    { address, code: "timeout", by: "local" },
  );
}
