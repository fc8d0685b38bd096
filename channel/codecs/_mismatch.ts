import {
  ConnectError,
  HandshakeError,
  type MismatchCode,
  MismatchError,
} from "../../transports/errors.ts";
import { printable } from "../../transports/printable.ts";
import type { Codec } from "./codec.ts";
import { ConnectionClosedError } from "../errors.ts";
import { FAILURE, type Message, REQUEST } from "../message.ts";

/** A form of messages that is recognised by its first byte. */
interface Format {
  readonly firstByte: number;
  readonly name: string;
  /** The codec to set for it. */
  readonly codec: string;
  /** Reads the start of a message. */
  readonly readStart: (payload: Uint8Array) => Start | null;
  /** Encodes a failure. */
  readonly encodeFailure: (id: number, text: string) => Uint8Array;
}

/** The start of a message. */
interface Start {
  readonly type: number;
  readonly id: number;
}

/** The bytes that hold type and id. */
const START_BYTES = 32;

/** The prefix of a failure that reports a codec mismatch to the other side. */
const TOLD = "CodecMismatchError: ";

/** The longest part of the other side's text that is shown. */
const TOLD_UNITS = 300;

const FORMATS: readonly Format[] = [
  {
    firstByte: 0x5b,
    name: "JSON",
    codec: "json()",
    readStart: readJsonStart,
    encodeFailure: (id, text) =>
      new TextEncoder().encode(JSON.stringify([FAILURE, id, text])),
  },
  {
    firstByte: 0x93,
    name: "MessagePack",
    codec: "msgpack()",
    readStart: readMsgPackStart,
    encodeFailure: encodeMsgPackFailure,
  },
];

/**
 * Returns the error for the first payload of a peer that uses another codec. If
 * the payload is a request, the error holds an answer in the peer's codec that
 * reports the mismatch. Returns `null` if `payload`, which `codec` could not
 * read, is something else.
 */
export function mismatchOf(
  payload: Uint8Array,
  codec: Codec,
): MismatchError | null {
  const theirs = FORMATS.find(({ firstByte }) => firstByte === payload[0]);
  const start = theirs?.readStart(payload) ?? null;
  if (theirs === undefined || start === null) return null;
  const ownByte = firstByteOf(codec);
  if (ownByte === theirs.firstByte) return null;
  const own = FORMATS.find(({ firstByte }) => firstByte === ownByte) ??
    { name: `'${printable(codec.name)}'`, codec: "the same" };
  const answer = start.type === REQUEST
    ? theirs.encodeFailure(start.id, `${TOLD}${describe(own, theirs)}\n`)
    : null;
  return new MismatchError(
    `Cannot talk to the peer: ${describe(theirs, own)}`,
    "codec",
    answer,
  );
}

/** The format name and the codec option of one side. */
type Side = Pick<Format, "name" | "codec">;

function describe(other: Side, own: Side): string {
  return `the other side speaks ${other.name} and this side ${own.name}, set the option 'codec' to ${other.codec} here or to ${own.codec} there`;
}

/**
 * Returns the error for the first message of a peer, if that message reports
 * that the peer cannot read this side's codec.
 */
export function toldMismatch({ type, content }: Message): MismatchError | null {
  if (type !== FAILURE || typeof content !== "string") return null;
  if (!content.startsWith(TOLD)) return null;
  const text = printable(content.slice(TOLD.length).trimEnd(), TOLD_UNITS);
  return new MismatchError(`Cannot talk to the peer: ${text}`, "codec", null);
}

/** Returns whether another connection would end with the same `code`. */
export function isMismatchCode(code: string): code is MismatchCode {
  return code === "codec" || code === "protocol-mismatch";
}

/**
 * Returns the code of the mismatch that made an attempt to connect fail, or
 * `null` without one. After a mismatch, further attempts would fail too.
 */
export function mismatchIn(error: unknown): MismatchCode | null {
  if (!(error instanceof ConnectError)) return null;
  const { cause } = error;
  if (cause instanceof HandshakeError) {
    return cause.code === "not-tls" ? "protocol-mismatch" : null;
  }
  if (!(cause instanceof ConnectionClosedError)) return null;
  return isMismatchCode(cause.code) ? cause.code : null;
}

/** Returns the first byte of a message as `codec` encodes it. */
function firstByteOf(codec: Codec): number | undefined {
  try {
    const payload = codec.encode([REQUEST, 0, null]);
    return typeof payload === "string" ? payload.charCodeAt(0) : payload[0];
  } catch {
    // A codec of the user may refuse this message. It then has its own format.
    return undefined;
  }
}

function readJsonStart(payload: Uint8Array): Start | null {
  const text = String.fromCharCode(...payload.subarray(0, START_BYTES));
  const [, type, id] = /^\[\s*([012])\s*,\s*(\d{1,15})\s*,/.exec(text) ?? [];
  return type === undefined ? null : { type: Number(type), id: Number(id) };
}

function readMsgPackStart(payload: Uint8Array): Start | null {
  const [, type, first] = payload;
  if (type === undefined || type > FAILURE || first === undefined) return null;
  if (first < 0x80) return { type, id: first };
  const bytes = [0xcc, 0xcd, 0xce].indexOf(first);
  if (bytes < 0 || payload.length < 3 + (1 << bytes)) return null;
  let id = 0;
  for (const byte of payload.subarray(3, 3 + (1 << bytes))) {
    id = id * 256 + byte;
  }
  return { type, id };
}

/** Encodes by hand, so that only users of the MessagePack codec load it. */
function encodeMsgPackFailure(id: number, text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const payload = new Uint8Array(10 + body.length);
  const view = new DataView(payload.buffer);
  payload.set([0x93, FAILURE, 0xce]);
  view.setUint32(3, id);
  payload[7] = 0xda;
  view.setUint16(8, body.length);
  payload.set(body, 10);
  return payload;
}
