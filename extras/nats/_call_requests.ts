import { headers, type Msg } from "@nats-io/transport-node";

/** Thrown for requests that are not calls. */
class RequestError extends Error {
  override name = "RequestError";
  readonly code = "request";
}

/**
 * Returns the arguments in the content of a request.
 *
 * @throws {RequestError} If they are not a JSON list, or larger than
 * `maxBytes`.
 */
export function argumentsIn(body: Uint8Array, maxBytes: number): unknown[] {
  if (body.length > maxBytes) {
    throw new RequestError(`The request is over ${maxBytes} bytes`);
  }
  if (body.length === 0) return [];
  try {
    const args: unknown = JSON.parse(new TextDecoder().decode(body));
    if (Array.isArray(args)) return args;
  } catch {
    // Invalid JSON is refused like content that is not a list.
  }
  throw new RequestError("The request must be a JSON list of arguments");
}

/** Returns the bearer token in the headers of a request. */
export function bearerOf(message: Msg): string | undefined {
  const header = message.headers?.get("Authorization") ?? "";
  return /^Bearer +(.+)$/i.exec(header)?.[1];
}

/** Answers a request with an error. */
export function refuse(
  message: Msg,
  status: number,
  error: Readonly<Record<string, unknown>>,
): void {
  const head = headers();
  const code = error.name === "RequestError" ? 400 : status;
  // A header must not contain a line break.
  const text = `${error.message}`.replace(/\s+/g, " ");
  head.set("Nats-Service-Error", text);
  head.set("Nats-Service-Error-Code", `${code}`);
  message.respond(JSON.stringify({ error }), { headers: head });
}
