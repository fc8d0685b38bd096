/**
 * Receives what a NATS server sends. Byte arrays are views that are valid only
 * during the call.
 */
export interface ServerReceiver {
  /** The server's information about itself, as JSON. */
  info(json: string): void;
  /** A message to a subscription; `reply` is empty if it names none. */
  message(subscription: number, data: Uint8Array, reply: Uint8Array): void;
  /**
   * A message that the owner of the subscription has sent had no subscriber.
   */
  nobody(subscription: number): void;
  /** A skipped message, longer than any that a denomas peer sends. */
  tooLong(subscription: number): void;
  ping(): void;
  pong(): void;
  /** An error of the server. */
  error(text: string): void;
}

/** The maximum size of a message: 64 KiB, plus headers that others may add. */
const MAX_MESSAGE_BYTES = 68 * 1_024;

/** The maximum length of a line: an `INFO` with the addresses of a cluster. */
const MAX_LINE_BYTES = 32 * 1_024;

const BUFFER_BYTES = MAX_LINE_BYTES + MAX_MESSAGE_BYTES + 2;

const LINE_FEED = 10;
const SPACE = 32;
const NOTHING = new Uint8Array(0);

const decoder = new TextDecoder();

/** Parses the protocol of a NATS server. Pure: no I/O. */
export class ServerParser {
  readonly #receiver: ServerReceiver;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #from = 0;
  #to = 0;
  /** The number of bytes still to skip of a message that is too long. */
  #skipped = 0;

  /** Calls `receiver` for everything that is parsed, in order. */
  constructor(receiver: ServerReceiver) {
    this.#receiver = receiver;
  }

  /**
   * Returns the buffer to read into; report the number of bytes read to
   * {@linkcode filled}.
   */
  space(): Uint8Array {
    if (this.#from > 0) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    return this.#buffer.subarray(this.#to);
  }

  /**
   * Parses bytes that were read.
   *
   * @throws {Error} If they are not from a NATS server.
   */
  filled(bytes: number): void {
    this.#to += bytes;
    while (this.#next());
  }

  /** Parses the next item; returns `false` if it is incomplete. */
  #next(): boolean {
    if (this.#skipped > 0) {
      const bytes = Math.min(this.#skipped, this.#to - this.#from);
      this.#skipped -= bytes;
      this.#from += bytes;
    }
    if (this.#from === this.#to) return false;
    const end = this.#buffer.indexOf(LINE_FEED, this.#from);
    if (end === -1 || end >= this.#to) {
      if (this.#to - this.#from > MAX_LINE_BYTES) {
        throw new Error("it sends a line without an end");
      }
      return false;
    }
    const kind = this.#buffer[this.#from]! & ~0x20;
    if (kind === 77 /* MSG */) return this.#takeMessage(end, false);
    if (kind === 72 /* HMSG */) return this.#takeMessage(end, true);
    const line = decoder.decode(this.#buffer.subarray(this.#from, end)).trim();
    this.#from = end + 1;
    this.#takeLine(line);
    return true;
  }

  #takeLine(line: string): void {
    const [word] = line.split(/\s/, 1);
    switch (word!.toUpperCase()) {
      case "PING":
        return this.#receiver.ping();
      case "PONG":
        return this.#receiver.pong();
      case "INFO":
        return this.#receiver.info(line.slice(word!.length));
      case "-ERR":
        return this.#receiver.error(line.slice(word!.length).trim());
      case "+OK":
        return;
      default:
        throw new Error(
          `it sends '${line.slice(0, 40)}', it is no NATS server`,
        );
    }
  }

  /** Parses `MSG subject id [reply] size`, or the same with headers. */
  #takeMessage(end: number, hasHeaders: boolean): boolean {
    const line = this.#buffer.subarray(this.#from, end - 1);
    const words: number[] = [];
    for (let at = 0; at < line.length; at++) {
      const isStart = line[at] !== SPACE &&
        (at === 0 || line[at - 1] === SPACE);
      if (isStart) words.push(at);
    }
    const numbers = hasHeaders ? 2 : 1;
    const subscription = numberAt(line, words[2]);
    const size = numberAt(line, words.at(-1));
    const headers = hasHeaders ? numberAt(line, words.at(-2)) : 0;
    const hasReply = words.length === 4 + numbers;
    if (!hasReply && words.length !== 3 + numbers || headers > size) {
      throw new Error("it sends a message that cannot be read");
    }
    const start = end + 1;
    if (size > MAX_MESSAGE_BYTES) {
      this.#from = start;
      this.#skipped = size + 2;
      this.#receiver.tooLong(subscription);
      return true;
    }
    if (this.#to < start + size + 2) return false;
    this.#from = start + size + 2;
    const data = this.#buffer.subarray(start + headers, start + size);
    if (hasHeaders && this.#isNobody(start)) {
      this.#receiver.nobody(subscription);
      return true;
    }
    const reply = hasReply ? line.subarray(words[3]!, words[4]! - 1) : NOTHING;
    this.#receiver.message(subscription, data, reply);
    return true;
  }

  /**
   * Whether headers begin with the status for a message without subscribers.
   */
  #isNobody(start: number): boolean {
    const status = this.#buffer.subarray(start, start + NOBODY.length);
    return status.every((byte, at) => byte === NOBODY[at]);
  }
}

const NOBODY = new TextEncoder().encode("NATS/1.0 503");

function numberAt(line: Uint8Array, start: number | undefined): number {
  let number = 0;
  let at = start ?? line.length;
  for (; at < line.length && line[at] !== SPACE; at++) {
    const digit = line[at]! - 48;
    if (digit < 0 || digit > 9 || number > 1e9) break;
    number = number * 10 + digit;
  }
  const isNumber = at > (start ?? at) &&
    (at === line.length || line[at] === SPACE);
  if (!isNumber) throw new Error("it sends a message without a size");
  return number;
}
