/** Where an error came from that no caller awaits. */
export interface ErrorContext {
  /**
   * `"handler"`: a function of yours threw. `"protocol"`: a peer broke the
   * protocol, and its connection was closed. `"accept"`: a server could not
   * take a connection, and goes on. `"callback"`: a function threw that you
   * gave to a clock, which goes on, for the log of a spawned container, or to
   * observe connections. `"task"`: an agent's own task threw. `"authenticate"`:
   * that option threw something else than an `AuthenticationError`; the peer was
   * refused.
   */
  readonly kind:
    | "handler"
    | "protocol"
    | "accept"
    | "callback"
    | "task"
    | "authenticate";
  /**
   * The address of the server, channel or agent concerned; of the client whose
   * TLS handshake failed, where the error tells of that. A clock has none:
   * it is `"system clock"` or `"external clock"`.
   */
  readonly address: string;
}

/** Hears of errors that no caller awaits. It must not throw. */
export type OnError = (error: unknown, context: ErrorContext) => void;

/** The default {@linkcode OnError}: one line on stderr. */
export function reportToStderr(error: unknown, context: ErrorContext): void {
  const text = error instanceof Error
    ? `${error.name}: ${error.message}`
    : String(error);
  printLine(
    `denomas: ${context.kind} error at ${context.address}: ${text}`,
    "stderr",
  );
}

/** Prints a line. */
export function printLine(line: string, to: "stdout" | "stderr"): void {
  // deno-lint-ignore no-console -- the one place of the package that prints
  to === "stdout" ? console.log(line) : console.error(line);
}
