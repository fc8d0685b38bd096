import type { Timeout } from "../../channel/internal.ts";
import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { isCall, isRecord } from "../references/_call_content.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { printable } from "../../transports/printable.ts";
import { AuthenticationError } from "../errors.ts";
import { isInstance } from "../_failure.ts";
import { isHarmless } from "./_paths.ts";
import type { SessionContext } from "../_session_context.ts";

/** The peer is not admitted, or this side failed to check its credentials. */
type Refusal = AuthenticationError | ServerBusyError;

/**
 * Holds the requests of a peer until it is authenticated by its first request.
 * Held requests are not decoded, and count as unanswered.
 */
export class AdmissionControl {
  /**
   * Resolves to whether the peer was admitted; `null` if all peers are
   * admitted.
   */
  readonly admitted: Promise<boolean> | null = null;
  /** The identity of the peer. */
  identity: unknown;

  readonly #session: SessionContext;
  readonly #resolveAdmitted: (isAdmitted: boolean) => void = () => {};
  readonly #controller: AbortController | null = null;
  #state: "waiting" | "asking" | "open" | "shut" = "open";
  #held: IncomingRequest[] = [];
  #refusal: Refusal | null = null;
  #timeout: Timeout | null = null;

  /**
   * Passes requests of an admitted peer to `session`, whose options are read at
   * once. If the peer has connected to this side, the time limit starts now.
   */
  constructor(session: SessionContext) {
    this.#session = session;
    const { options } = session;
    this.identity = options.identity;
    if (options.authenticate === undefined) return;
    this.#state = "waiting";
    this.#controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.admitted = promise;
    this.#resolveAdmitted = resolve;
    if (!options.isInitiator) this.#arm();
  }

  /** Returns whether a request, decoded or not, must be held here. */
  holds(content: unknown): boolean {
    if (this.#state === "open") return false;
    return !(this.#session.options.isInitiator && isHarmless(content));
  }

  /** Holds or refuses a request for which {@linkcode holds} returned `true`. */
  take(request: IncomingRequest): void {
    if (this.#state === "shut") return this.#fail(request);
    this.#held.push(request);
    if (this.#state !== "waiting") return;
    this.#state = "asking";
    if (this.#session.options.isInitiator) this.#arm();
    this.#authenticate(request.content);
  }

  /** Called when the connection has ended. */
  end(): void {
    if (this.#state === "open") return;
    this.#shut(new AuthenticationError("Cannot authenticate: the peer left"));
  }

  async #authenticate(content: unknown): Promise<void> {
    const { authenticate, isInitiator } = this.#session.options;
    const { peerName, remoteAddress, request } = this.#session.channel;
    const { signal } = this.#controller!;
    try {
      const credentials = this.#credentialsIn(content);
      // One microtask later: by then, calls from the same write have arrived,
      // and get the same answer.
      const identity = await Promise.resolve().then(() =>
        authenticate!(credentials, {
          peerName,
          remoteAddress,
          request,
          isInitiator,
          signal,
        })
      );
      if (this.#state !== "asking") return;
      if (identity === undefined || identity === null || identity === false) {
        this.#refuse(this.#toDenial(identity));
      } else {
        this.#open(identity);
      }
    } catch (error) {
      // After a timeout or the end of the connection, an error of
      // `authenticate` is ignored: its signal has aborted.
      if (this.#state === "asking") this.#refuse(this.#toRefusal(error));
    }
  }

  /**
   * Returns the credentials. Custom types are not decoded, because that would
   * run the user's code.
   */
  #credentialsIn(content: unknown): unknown {
    if (!isCall(content) || content[0] !== "$/hello") return undefined;
    const [hello] = content[1];
    if (!isRecord(hello) || !Object.hasOwn(hello, "credentials")) {
      return undefined;
    }
    try {
      const { frames } = this.#session.channel.limits;
      return new TypeTable([], frames).unpack(hello.credentials);
    } catch {
      // The peer chose the credentials, so this is not an error of this side.
      throw new AuthenticationError(
        "Cannot authenticate: the credentials are no plain data",
      );
    }
  }

  /**
   * Returns the error to send to a peer for which `authenticate` returned no
   * identity. Nothing at all is reported: a `return` may be missing.
   */
  #toDenial(returned: undefined | null | false): Refusal {
    if (returned !== false) {
      const { channel, options } = this.#session;
      const { remoteAddress: address } = channel;
      const error = new TypeError(
        `Cannot admit '${
          printable(address)
        }': 'authenticate' returned nothing, return an identity, or throw an AuthenticationError to refuse the peer`,
      );
      options.onError(error, { kind: "admission", address });
    }
    return new AuthenticationError(
      "Cannot authenticate: the other side refuses the credentials",
    );
  }

  /**
   * Returns the error to send to the peer. If `authenticate` itself failed,
   * that may be temporary, so the peer may try again.
   */
  #toRefusal(error: unknown): Refusal {
    // A new error, because `authenticate` may have received this one from
    // another side.
    if (isInstance(error, AuthenticationError)) {
      return new AuthenticationError(error.message);
    }
    const { channel, options } = this.#session;
    const { remoteAddress: address } = channel;
    options.onError(error, { kind: "admission", address });
    return new ServerBusyError(
      "Cannot authenticate: the other side failed to check the credentials, try again later",
    );
  }

  #open(identity: unknown): void {
    this.identity = identity;
    this.#timeout?.stop();
    this.#state = "open";
    this.#resolveAdmitted(true);
    const session = this.#session;
    for (const request of this.#held.splice(0)) {
      if (session.channel.revive(request)) session.serve(request);
    }
  }

  #refuse(error: Refusal): void {
    // A peer closes when it reads the failure of its hello, so that is sent
    // last.
    const [first, ...others] = this.#held;
    this.#shut(error);
    for (const request of others) this.#fail(request);
    if (first !== undefined) this.#fail(first);
    if (this.#session.options.isInitiator) return;
    this.#session.channel.dismiss({
      by: "error",
      code: "authentication",
      message: "the other side was not admitted",
      error,
    });
  }

  #fail(request: IncomingRequest): void {
    // If the connection is gone, no answer is needed.
    request.fail(this.#refusal).catch(() => {});
  }

  #shut(error: Refusal): void {
    this.#timeout?.stop();
    this.#refusal = error;
    this.#state = "shut";
    this.#held = [];
    this.#controller!.abort(error);
    this.#resolveAdmitted(false);
  }

  #arm(): void {
    const { authenticateMs: timeoutMs } = this.#session.options;
    const onLate = () => {
      const text = `Cannot authenticate: not finished after ${timeoutMs} ms`;
      const isPeerLate = this.#state === "waiting";
      this.#refuse(
        isPeerLate ? new AuthenticationError(text) : new ServerBusyError(text),
      );
    };
    this.#timeout = this.#session.channel.timers
      .start("time to authenticate", timeoutMs, onLate);
  }
}
