import { HandshakeError } from "../errors.ts";
import { HostGroups, hostOf } from "../hosts.ts";
import { formatTcpAddress } from "../_tcp_socket.ts";
import type { Secured } from "./_handshake.ts";
import { refusal, type Sides } from "./_verdict.ts";
import type { TransportListenOptions } from "../transport.ts";
import { Watchdog } from "../watchdog.ts";

const HANDSHAKE_MS = 10_000;
const MAX_HANDSHAKES = 512;

/**
 * How much later than these Node gives a handshake up, of which this server
 * learns nothing. It counts the time in which this process was busy, too.
 */
const MARGIN_MS = 5_000;
/** The longest time that Node's timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

/** Why a handshake ended that gave way to a new one. */
const GAVE_WAY = new Error("Cannot go on with a TLS handshake: it gave way");

/** What {@linkcode Handshakes} are made with. */
export interface HandshakesOptions {
  readonly limits: TransportListenOptions;
  /** Does the work. */
  readonly secure: (
    conn: Deno.TcpConn,
    sides: Sides,
    signal: AbortSignal,
    giveUpMs: number,
  ) => Promise<Secured>;
  /** Takes over a connection that is secure. */
  readonly accept: (conn: Deno.TcpConn, secured: Secured) => void;
}

/**
 * The handshakes of a server that are under way: each on its own, so that a
 * slow one holds up no other, within a time, and no more than a number of them.
 */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #running = new Map<Deno.TcpConn, AbortController>();
  /** The same ones, by the hosts they come from. */
  readonly #byHost = new HostGroups<Deno.TcpConn>();
  #isRef = true;
  #isClosed = false;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Takes over a connection that was accepted. If there are too many, the
   * oldest handshake of the host that has the most gives way.
   */
  add(conn: Deno.TcpConn): void {
    const { maxHandshakes = MAX_HANDSHAKES } = this.#options.limits;
    const address = formatTcpAddress(conn.remoteAddr);
    if (this.#running.size >= maxHandshakes) this.#makeRoom();
    if (!this.#isRef) conn.unref();
    this.#run(conn, address);
  }

  #makeRoom(): void {
    const oldest = this.#byHost.takeOldestOfLargest();
    if (oldest === undefined) return;
    this.#running.get(oldest)!.abort(GAVE_WAY);
    this.#running.delete(oldest);
    this.#options.limits.onRefused?.();
  }

  async #run(conn: Deno.TcpConn, address: string): Promise<void> {
    const { limits, secure, accept } = this.#options;
    const host = hostOf(address);
    const sides: Sides = { other: "client", address };
    const controller = new AbortController();
    this.#running.set(conn, controller);
    this.#byHost.add(host, conn);
    const { handshakeMs = HANDSHAKE_MS } = limits;
    const timer = startTimer(handshakeMs, controller, sides);
    const giveUpMs = Math.min(handshakeMs + MARGIN_MS, LONGEST_MS);
    try {
      const secured = await secure(conn, sides, controller.signal, giveUpMs);
      // From now on a server counts it as a connection.
      this.#forget(conn, host);
      if (this.#isClosed || controller.signal.aborted) secured.stream.close();
      else accept(conn, secured);
    } catch (error) {
      if (error instanceof HandshakeError) limits.onHandshakeFailed?.(error);
      else if (!this.#isClosed && error !== GAVE_WAY) limits.onError?.(error);
    } finally {
      timer.stop();
      this.#forget(conn, host);
    }
  }

  #forget(conn: Deno.TcpConn, host: string): void {
    this.#running.delete(conn);
    this.#byHost.delete(host, conn);
  }

  /** Ends those that are under way. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Whether those that are under way keep the process alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    for (const conn of this.#running.keys()) isRef ? conn.ref() : conn.unref();
  }
}

function startTimer(
  handshakeMs: number,
  controller: AbortController,
  sides: Sides,
): Watchdog {
  const text = `the TLS handshake was not done within ${handshakeMs} ms`;
  return new Watchdog(
    handshakeMs,
    () => controller.abort(refusal(text, "timeout", "local", sides)),
  );
}
