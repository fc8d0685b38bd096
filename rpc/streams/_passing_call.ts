import type { CallOptions } from "../call.ts";
import type { MadeCall } from "../middleware.ts";
import type { StreamOwner } from "../references/_message_context.ts";
import type { SessionContext } from "../_session_context.ts";

const NO_ARGS: readonly unknown[] = [];
const NO_OPTIONS: CallOptions = {};

/**
 * A call that this side makes, as the owner of the streams in its arguments.
 * They end with the lease of the call, so it does not keep track of them.
 */
export class PassingCall implements MadeCall, StreamOwner {
  readonly subject = null;
  readonly path: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  readonly #session: SessionContext;

  /** A message that the user sends on the channel itself has no path. */
  constructor(
    session: SessionContext,
    path = "",
    args: readonly unknown[] = NO_ARGS,
    options: CallOptions = NO_OPTIONS,
  ) {
    this.#session = session;
    this.path = path;
    this.args = args;
    this.options = options;
  }

  get remoteAddress(): string {
    return this.#session.channel.remoteAddress;
  }

  beginStream(): void {}

  endStream(): void {}

  run<T>(step: () => T): T {
    return step();
  }

  report(error: unknown): unknown {
    return this.#session.served.report(this, error);
  }
}
