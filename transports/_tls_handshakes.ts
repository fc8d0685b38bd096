import { HandshakeError } from "./errors.ts";
import { formatTcpAddress } from "./_tcp_socket.ts";
import type { Secured } from "./_tls_handshake.ts";
import { refusal, type Sides } from "./_tls_verdict.ts";
import type { TransportListenOptions } from "./transport.ts";
import { Watchdog } from "./watchdog.ts";

const HANDSHAKE_MS = 10_000;
const MAX_HANDSHAKES = 512;

/**
 * How much later than these Node gives a handshake up, of which this server
 * learns nothing. It counts the time in which this process was busy, too.
 */
const MARGIN_MS = 5_000;
/** The longest time that Node's timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

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
  #isRef = true;
  #isClosed = false;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Takes over a connection that was accepted. */
  add(conn: Deno.TcpConn): void {
    const { maxHandshakes = MAX_HANDSHAKES, onRefused } = this.#options.limits;
    if (this.#running.size >= maxHandshakes) {
      conn.close();
      onRefused?.();
      return;
    }
    if (!this.#isRef) conn.unref();
    this.#run(conn);
  }

  async #run(conn: Deno.TcpConn): Promise<void> {
    const { limits, secure, accept } = this.#options;
    const address = formatTcpAddress(conn.remoteAddr);
    const sides: Sides = { other: "client", address };
    const controller = new AbortController();
    this.#running.set(conn, controller);
    const { handshakeMs = HANDSHAKE_MS } = limits;
    const timer = startTimer(handshakeMs, controller, sides);
    const giveUpMs = Math.min(handshakeMs + MARGIN_MS, LONGEST_MS);
    try {
      const secured = await secure(conn, sides, controller.signal, giveUpMs);
      // From now on a server counts it as a connection.
      this.#running.delete(conn);
      if (this.#isClosed) secured.stream.close();
      else accept(conn, secured);
    } catch (error) {
      if (error instanceof HandshakeError) limits.onHandshakeFailed?.(error);
      else if (!this.#isClosed) limits.onError?.(error);
    } finally {
      timer.stop();
      this.#running.delete(conn);
    }
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
