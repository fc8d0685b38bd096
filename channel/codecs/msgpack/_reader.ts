import { putOwn } from "../types/_fault.ts";
import { MSGPACK_FORMATS, readLength } from "./_format.ts";

interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

/** Keeps U+FEFF at the start of a text, where it belongs to the data. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes a payload that `skimMsgPack` has passed, exactly: every key becomes
 * an own property, text is kept to the letter, bytes are copies. It checks
 * nothing again, and recurses as deep as the skim allows.
 */
export function readSkimmedMsgPack(payload: Uint8Array): unknown {
  const view = new DataView(
    payload.buffer,
    payload.byteOffset,
    payload.byteLength,
  );
  return readValue({ bytes: payload, view, at: 0 });
}

function readValue(reader: Reader): unknown {
  const type = reader.bytes[reader.at++]!;
  const format = MSGPACK_FORMATS[type]!;
  if (format.kind === "value") {
    const at = reader.at;
    reader.at += format.length;
    return readScalar(reader.view, type, at);
  }
  let { length } = format;
  if (format.lengthBytes > 0) {
    length = readLength(reader.view, reader.at, format.lengthBytes);
    reader.at += format.lengthBytes;
  }
  switch (format.kind) {
    case "list":
      return readList(reader, length);
    case "map":
      return readMap(reader, length);
    case "text":
      return decoder.decode(take(reader, length));
    case "binary":
      return new Uint8Array(take(reader, length));
  }
}

function take(reader: Reader, length: number): Uint8Array {
  const start = reader.at;
  reader.at += length;
  return reader.bytes.subarray(start, reader.at);
}

function readList(reader: Reader, length: number): unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < length; index++) list.push(readValue(reader));
  return list;
}

function readMap(reader: Reader, length: number): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (let index = 0; index < length; index++) {
    const key = String(readValue(reader));
    putOwn(map, key, readValue(reader));
  }
  return map;
}

function readScalar(view: DataView, type: number, at: number): unknown {
  if (type <= 0x7f) return type;
  if (type >= 0xe0) return type - 0x100;
  switch (type) {
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      return view.getFloat32(at);
    case 0xcb:
      return view.getFloat64(at);
    case 0xcc:
      return view.getUint8(at);
    case 0xcd:
      return view.getUint16(at);
    case 0xce:
      return view.getUint32(at);
    case 0xcf:
      return view.getBigUint64(at);
    case 0xd0:
      return view.getInt8(at);
    case 0xd1:
      return view.getInt16(at);
    case 0xd2:
      return view.getInt32(at);
    case 0xd3:
      return view.getBigInt64(at);
  }
  return null;
}
