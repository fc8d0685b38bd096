import type { CodecCapabilities } from "../codec.ts";

/** What MessagePack carries, as both codecs for it do. */
export const MSGPACK_CARRIES: CodecCapabilities = {
  binary: true,
  bigint: true,
  nonFinite: true,
  loneSurrogates: false,
};

/** What the body behind a type byte is. */
export type MsgPackKind = "value" | "text" | "binary" | "list" | "map";

/** What a type byte of MessagePack tells of what follows. */
export interface MsgPackFormat {
  /** What the body is. */
  readonly kind: MsgPackKind;
  /** Bytes that hold the length; 0 where the type byte holds it itself. */
  readonly lengthBytes: 0 | 1 | 2 | 4;
  /** The length where `lengthBytes` is 0: of bytes, items or entries. */
  readonly length: number;
  /** Whether it may be the key of a map: text, and integers of 32 bits. */
  readonly isKey: boolean;
}

/**
 * The format of each type byte; `null` for the extension types and the byte
 * that the specification never uses.
 */
export const MSGPACK_FORMATS: readonly (MsgPackFormat | null)[] = Array.from(
  { length: 256 },
  (_, type) => formatOf(type),
);

function formatOf(type: number): MsgPackFormat | null {
  if (type <= 0x7f || type >= 0xe0) return fixed("value", 0, true);
  if (type <= 0x8f) return fixed("map", type & 0x0f);
  if (type <= 0x9f) return fixed("list", type & 0x0f);
  if (type <= 0xbf) return fixed("text", type & 0x1f, true);
  switch (type) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return fixed("value", 0);
    case 0xc4:
      return counted("binary", 1);
    case 0xc5:
      return counted("binary", 2);
    case 0xc6:
      return counted("binary", 4);
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return fixed("value", 1, true);
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return fixed("value", 2, true);
    case 0xce: // uint 32
    case 0xd2: // int 32
      return fixed("value", 4, true);
    case 0xca: // float 32
      return fixed("value", 4);
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return fixed("value", 8);
    case 0xd9:
      return counted("text", 1);
    case 0xda:
      return counted("text", 2);
    case 0xdb:
      return counted("text", 4);
    case 0xdc:
      return counted("list", 2);
    case 0xdd:
      return counted("list", 4);
    case 0xde:
      return counted("map", 2);
    case 0xdf:
      return counted("map", 4);
  }
  return null;
}

function fixed(
  kind: MsgPackKind,
  length: number,
  isKey: boolean = false,
): MsgPackFormat {
  return { kind, lengthBytes: 0, length, isKey };
}

function counted(kind: MsgPackKind, lengthBytes: 1 | 2 | 4): MsgPackFormat {
  return { kind, lengthBytes, length: 0, isKey: kind === "text" };
}

/** Reads an unsigned integer of 1, 2 or 4 bytes, big-endian. */
export function readLength(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}
