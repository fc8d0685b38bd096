/** The place where a server listens: a NATS server and a name there. */
export interface NatsPlace {
  /** The host and port, such as `127.0.0.1:4222`. */
  readonly server: string;
  /** The name; empty if the address has none. */
  readonly name: string;
}

const FORM =
  /^nats:\/\/(\[[\da-fA-F:.]+\]|[^\s:/?#[\]@]+)(?::(\d{1,5}))?(?:\/([\w-]+(?:\.[\w-]+)*)?)?$/;

/** The default port of NATS servers. */
const PORT = 4_222;

/**
 * Parses `nats://host:port/name`; port and name may be omitted.
 *
 * @throws {TypeError} If the address has another form.
 */
export function parsePlace(address: string): NatsPlace {
  const [, host, port = PORT, name = ""] = FORM.exec(address) ?? [];
  if (host !== undefined && Number(port) < 65_536) {
    return { server: `${host}:${Number(port)}`, name };
  }
  throw new TypeError(
    `Cannot use address '${address}': the NATS transport needs 'nats://host:port/name', whose name has words of letters, digits, '_' and '-', joined by '.'`,
  );
}

/** Writes a place as an address, with its port. */
export function formatPlace({ server, name }: NatsPlace): string {
  return `nats://${server}/${name}`;
}

/** Returns the subject to which clients of the server at `place` publish. */
export function subjectOf({ name }: NatsPlace): string {
  return `denomas.connect.${name}`;
}
