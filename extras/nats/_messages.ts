/**
 * The messages of the two ends of a connection through a NATS server. Pure.
 *
 * Each begins with its kind, in one byte. Those of a stream go on with a sequence
 * number and the count of bytes that the sender has read so far, four bytes each,
 * big-endian, both modulo 2^32; then with data.
 */

/** The kinds of messages. */
export const KIND = {
  /** Asks a listener for a connection: the version, then the client's id. */
  hello: 1,
  /** The listener's answer: the version. */
  accept: 2,
  /** Asks whether somebody listens: the version. Answered by `accept`. */
  probe: 3,
  /** Bytes of a stream, or none, which tells only what was read. */
  data: 4,
  /** The sender sends no more data. */
  end: 5,
  /** The sender has closed the stream. */
  close: 6,
} as const;

/** The version of the messages. */
export const VERSION = 1;

/** The bytes before the data of a stream's message. */
export const HEADER_BYTES = 9;

/** The letters of a client's id. */
export const ID_LENGTH = 12;

/** A message of a stream. */
export interface StreamMessage {
  readonly kind: typeof KIND.data | typeof KIND.end | typeof KIND.close;
  readonly sequence: number;
  /** The bytes that its sender has read so far. */
  readonly read: number;
  /** A view into the message. */
  readonly data: Uint8Array;
}

/** Writes what stands before the data of a stream's message into `header`. */
export function encodeHeader(
  { kind, sequence, read }: Omit<StreamMessage, "data">,
  header: Uint8Array,
): void {
  header[0] = kind;
  writeUint32(header, 1, sequence);
  writeUint32(header, 5, read);
}

/** Decodes a message of a stream; `null` if it is none. */
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

/** Encodes the question of a client whose id has {@linkcode ID_LENGTH} letters. */
export function encodeHello(id: string): Uint8Array {
  return Uint8Array.of(KIND.hello, VERSION, ...new TextEncoder().encode(id));
}

/** Returns the id in the question of a client; `null` if it is none. */
export function decodeHello(message: Uint8Array): string | null {
  if (message[0] !== KIND.hello || message[1] !== VERSION) return null;
  // A stranger wrote it, and it becomes a part of an address.
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

/** Returns whether `message` is of `kind` and of this version. */
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
