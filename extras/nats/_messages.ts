/**
 * The messages between the two ends of a connection through a NATS server.
 * Pure.
 *
 * Each message begins with its kind, in one byte. In messages of a stream
 * follow a sequence number and the number of bytes that the sender has read so
 * far, four bytes each, big-endian, both modulo 2^32, and then the data.
 */

/** The kinds of messages. */
export const KIND = {
  /**
   * Requests a connection from a listener. Contains the version, then the
   * client's id.
   */
  hello: 1,
  /** The listener's answer. Contains the version. */
  accept: 2,
  /**
   * Asks whether there is a listener, which answers with `accept`. Contains the
   * version.
   */
  probe: 3,
  /** Bytes of a stream. Without data, it only reports what was read. */
  data: 4,
  /** The sender will send no more data. */
  end: 5,
  /** The sender has closed the stream. */
  close: 6,
} as const;

/** The version of the messages. */
export const VERSION = 1;

/** The bytes before the data of a stream's message. */
export const HEADER_BYTES = 9;

/** The length of a client's id. */
export const ID_LENGTH = 12;

/** A message of a stream. */
export interface StreamMessage {
  readonly kind: typeof KIND.data | typeof KIND.end | typeof KIND.close;
  readonly sequence: number;
  /** The number of bytes that the sender has read so far. */
  readonly read: number;
  /** A view into the message. */
  readonly data: Uint8Array;
}

/** Writes the header of a stream's message into `header`. */
export function encodeHeader(
  { kind, sequence, read }: Omit<StreamMessage, "data">,
  header: Uint8Array,
): void {
  header[0] = kind;
  writeUint32(header, 1, sequence);
  writeUint32(header, 5, read);
}

/** Decodes a message of a stream; `null` if it is not one. */
export function decodeStreamMessage(message: Uint8Array): StreamMessage | null {
  const kind = message[0];
  const isOfStream = kind === KIND.data || kind === KIND.end ||
    kind === KIND.close;
  if (!isOfStream || message.length < HEADER_BYTES) return null;
  return {
    kind,
    sequence: readUint32(message, 1),
    read: readUint32(message, 5),
    data: message.subarray(HEADER_BYTES),
  };
}

/**
 * Encodes a `hello` with the id of a client, which has {@linkcode ID_LENGTH}
 * letters.
 */
export function encodeHello(id: string): Uint8Array {
  return Uint8Array.of(KIND.hello, VERSION, ...new TextEncoder().encode(id));
}

/**
 * Returns the client's id in a `hello`; `null` if the message is not a valid
 * one.
 */
export function decodeHello(message: Uint8Array): string | null {
  if (message[0] !== KIND.hello || message[1] !== VERSION) return null;
  // The id is from an untrusted peer, and becomes part of an address.
  if (message.length !== 2 + ID_LENGTH) return null;
  const id = new TextDecoder().decode(message.subarray(2));
  return /^[\da-f]+$/.test(id) ? id : null;
}

/** Encodes an `accept` or a `probe`. */
export function encodeShort(
  kind: typeof KIND.accept | typeof KIND.probe,
): Uint8Array {
  return Uint8Array.of(kind, VERSION);
}

/** Returns whether `message` has this `kind` and this version. */
export function isShort(
  message: Uint8Array,
  kind: typeof KIND.accept | typeof KIND.probe,
): boolean {
  return message.length === 2 && message[0] === kind && message[1] === VERSION;
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

function readUint32(from: Uint8Array, at: number): number {
  return (from[at]! << 24 | from[at + 1]! << 16 | from[at + 2]! << 8 |
    from[at + 3]!) >>> 0;
}
