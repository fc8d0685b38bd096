import { HandshakeError } from "../errors.ts";
import { HostGroups, hostOf } from "../hosts.ts";
import type { Connection, TransportListenOptions } from "../transport.ts";
import { Watchdog } from "../watchdog.ts";
import type { TlsCredentials } from "./credentials.ts";
import { secureServer } from "./_handshake.ts";
import { type HandshakeTask, refusal } from "./_verdict.ts";

const HANDSHAKE_MS = 10_000;
const MAX_HANDSHAKES = 512;

/** The reason of a handshake that a new one displaced. */
const DISPLACED = new Error("Cannot go on with a handshake: it was displaced");

/**
 * The unfinished handshakes of a server. Each is independent, so that a slow
 * one delays no other; their time and number are limited.
 */
export class PendingHandshakes {
  readonly #credentials: TlsCredentials;
  readonly #accept: (end: Connection) => void;
  readonly #options: TransportListenOptions;
  readonly #running = new Map<Connection, AbortController>();
  /** The same ones, by the hosts of their clients. */
  readonly #byHost = new HostGroups<Connection>();
  #isRef = true;
  #isClosed = false;

  /**
   * Prepares a server at `address`. Each end that is secure goes to `accept`.
   *
   * @throws {TypeError} If the credentials are not those of a server.
   */
  constructor(
    address: string,
    credentials: TlsCredentials,
    accept: (end: Connection) => void,
    options: TransportListenOptions,
  ) {
    checkServer(address, credentials);
    this.#credentials = credentials;
    this.#accept = accept;
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Takes over an accepted connection. At the limit, the oldest handshake of
   * the host that has the most is displaced.
   */
  add(end: Connection): void {
    const { max = MAX_HANDSHAKES } = this.#options.handshakes ?? {};
    if (this.#running.size >= max) this.#displaceOne();
    if (!this.#isRef) end.stream.unref();
    this.#run(end);
  }

  #displaceOne(): void {
    const oldest = this.#byHost.takeOldestOfLargest();
    if (oldest === undefined) return;
    this.#running.get(oldest)!.abort(DISPLACED);
    this.#running.delete(oldest);
    this.#options.handshakes?.onRefused?.();
  }

  async #run(end: Connection): Promise<void> {
    const { onError, handshakes = {} } = this.#options;
    const { timeoutMs = HANDSHAKE_MS, onFailed } = handshakes;
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(end, controller);
    this.#byHost.add(hostOf(end.remoteAddress), end);
    const address = end.remoteAddress;
    const task: HandshakeTask = {
      end,
      other: "client",
      address,
      host: null,
      signal,
    };
    const watchdog = new Watchdog(timeoutMs, () => {
      const text = `the TLS handshake was not done within ${timeoutMs} ms`;
      controller.abort(refusal(text, "timeout", "local", task));
    });
    try {
      const credentials = this.#credentials;
      const secured = await secureServer(credentials, task, timeoutMs);
      // From here on a server counts it among its connections.
      this.#forget(end);
      if (this.#isClosed || signal.aborted) secured.stream.close();
      else this.#accept(secured);
    } catch (error) {
      if (error instanceof HandshakeError) onFailed?.(error);
      else if (!this.#isClosed && error !== DISPLACED) onError?.(error);
    } finally {
      watchdog.stop();
      this.#forget(end);
    }
  }

  #forget(end: Connection): void {
    this.#running.delete(end);
    this.#byHost.delete(hostOf(end.remoteAddress), end);
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running.values()) controller.abort();
  }

  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    for (const { stream } of this.#running.keys()) {
      if (isRef) stream.ref();
      else stream.unref();
    }
  }
}

function checkServer(
  address: string,
  { cert, ca, demandsCert }: TlsCredentials,
): void {
  if (cert === undefined) {
    throw new TypeError(
      `Cannot listen on '${address}' with TLS: a server needs a certificate, give 'cert' and 'key'`,
    );
  }
  if (demandsCert && ca === undefined) {
    throw new TypeError(
      "Cannot ask clients for certificates: there are no 'caCerts' to check them with, give some or set 'clientCerts' to 'none'",
    );
  }
}
