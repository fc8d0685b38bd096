import type { ConnectionChannel } from "../../channel/internal.ts";
import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import type { Limits } from "../../channel/limits/limits.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { observed } from "../../transports/internal.ts";
import { Timer } from "../../transports/timer.ts";
import type { Authenticate } from "../authenticate.ts";
import { isCall, isRecord } from "../serving/_call_content.ts";
import { AuthenticationError } from "../errors.ts";
import { isInstance } from "../_failure.ts";

/** What an {@linkcode AdmissionControl} works with. */
export interface AdmissionControlOptions {
  readonly authenticate: Authenticate;
  readonly timeoutMs: number;
  readonly limits: Limits;
  /** Whether this side has made the connection. */
  readonly isInitiator: boolean;
  readonly channel: ConnectionChannel;
  /** Serves a request that was let through. */
  readonly serve: (request: IncomingRequest) => void;
  /** Answers one that was not. */
  readonly fail: (request: IncomingRequest, error: Error) => void;
  /** Whether a request, revived or not, harms nobody, whoever sent it. */
  readonly isHarmless: (content: unknown) => boolean;
  /** Hears what went wrong, other than a refusal. */
  readonly report: (error: unknown) => void;
}

/**
 * Holds back what a peer asks for until it is known who that is. The first
 * request of all tells, or does not. What waits here is neither revived nor
 * looked at, and counts as unanswered.
 */
export class AdmissionControl {
  /** Resolves to whether the peer was let in, once that is known. */
  readonly admitted: Promise<boolean>;
  /** Who the peer is. */
  identity: unknown = undefined;

  readonly #options: AdmissionControlOptions;
  readonly #resolveAdmitted: (isIn: boolean) => void;
  readonly #controller = new AbortController();
  #state: "waiting" | "asking" | "open" | "shut" = "waiting";
  #held: IncomingRequest[] = [];
  #refusal: AuthenticationError | null = null;
  #timer: Timer | null = null;

  /** A peer that has connected to this side has no time to lose. */
  constructor(options: AdmissionControlOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.admitted = promise;
    this.#resolveAdmitted = resolve;
    if (!options.isInitiator) this.#arm();
  }

  /** Whether a request, revived or not, has to come here. */
  holds(content: unknown): boolean {
    if (this.#state === "open") return false;
    const { isInitiator, isHarmless } = this.#options;
    return !(isInitiator && isHarmless(content));
  }

  /** Takes a request that this holds. */
  handle(request: IncomingRequest): void {
    if (this.#state === "shut") return this.#fail(request);
    this.#held.push(request);
    if (this.#state !== "waiting") return;
    this.#state = "asking";
    if (this.#options.isInitiator) this.#arm();
    this.#ask(request.content);
  }

  /** The connection has ended. */
  end(): void {
    if (this.#state === "open") return;
    this.#shut(new AuthenticationError("Cannot authenticate: the peer left"));
  }

  async #ask(content: unknown): Promise<void> {
    const { authenticate, channel, isInitiator } = this.#options;
    try {
      const { peerName, remoteAddress } = channel;
      const { signal } = this.#controller;
      const credentials = this.#credentialsIn(content);
      // A moment later: calls that came in the same write are here by then, and
      // are told the same.
      const identity = await Promise.resolve().then(() =>
        authenticate(credentials, {
          peerName,
          remoteAddress,
          isInitiator,
          signal,
        })
      );
      if (this.#state === "asking") this.#open(identity);
    } catch (error) {
      // Later it was told to stop, and how it does so is its own affair.
      if (this.#state === "asking") this.#refuse(this.#toRefusal(error));
    }
  }

  /** Custom types are not revived in them: that would run code of the user. */
  #credentialsIn(content: unknown): unknown {
    if (!isCall(content) || content[0] !== "$/hello") return undefined;
    const [hello] = content[1];
    if (!isRecord(hello) || !Object.hasOwn(hello, "credentials")) {
      return undefined;
    }
    try {
      return new TypeTable([], this.#options.limits.frames).unpack(
        hello.credentials,
      );
    } catch {
      // The peer chose them, so it is no error of this side.
      throw new AuthenticationError(
        "Cannot authenticate: the credentials are no plain data",
      );
    }
  }

  #toRefusal(error: unknown): AuthenticationError {
    // A new one, as the hook may have received it from somewhere itself.
    if (isInstance(error, AuthenticationError)) {
      return new AuthenticationError(error.message);
    }
    this.#options.report(error);
    return new AuthenticationError(
      "Cannot authenticate: the other side failed to tell, try again later",
    );
  }

  #open(identity: unknown): void {
    this.identity = identity;
    this.#disarm();
    this.#state = "open";
    this.#resolveAdmitted(true);
    const { channel, serve } = this.#options;
    for (const request of this.#held.splice(0)) {
      if (channel.revive(request)) serve(request);
    }
  }

  #refuse(error: AuthenticationError): void {
    const { channel, isInitiator } = this.#options;
    // A peer that said hello closes when it hears of that, so that comes last.
    const [first, ...others] = this.#held;
    this.#shut(error);
    for (const request of others) this.#fail(request);
    if (first !== undefined) this.#fail(first);
    if (isInitiator) return;
    channel.dismiss({
      by: "error",
      code: "authentication",
      message: "the other side was not admitted",
      error,
    });
  }

  #fail(request: IncomingRequest): void {
    this.#options.fail(request, this.#refusal!);
  }

  #shut(error: AuthenticationError): void {
    this.#disarm();
    this.#refusal = error;
    this.#state = "shut";
    this.#held = [];
    this.#controller.abort(error);
    this.#resolveAdmitted(false);
  }

  #arm(): void {
    const { timeoutMs, channel } = this.#options;
    if (timeoutMs === Infinity) return;
    this.#timer = new Timer(timeoutMs, () => this.#expire());
    // It is no reason to keep a process alive.
    this.#timer.unref();
    observed.by?.opened(this, "timer", () => "time to authenticate");
    observed.by?.owned(this, channel);
  }

  #disarm(): void {
    if (this.#timer === null) return;
    this.#timer.stop();
    this.#timer = null;
    observed.by?.closed(this);
  }

  #expire(): void {
    const { timeoutMs } = this.#options;
    this.#refuse(
      new AuthenticationError(
        `Cannot authenticate: it is not done after ${timeoutMs} ms`,
      ),
    );
  }
}
