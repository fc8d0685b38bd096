import { encodeWire, type WireName } from "./wire.ts";

/** What heavy frames are made of: one item, in bytes of each codec. */
export const HEAVY = {
  json: {
    "empty lists": "[]",
    "empty maps": "{}",
    "empty texts": '""',
    "zeros": "0",
    "floats": "1.5",
    "maps of one key": '{"a":0}',
    "lists of one": "[0]",
    "maps and NaN": "{},NaN",
    "escaped keys": '{"\\\\":0}',
    "references": '{"__type__":[0,"$/ref/0"]}',
    "escapes": '"\\u00e9"',
    "lists in lists": "[[[[]]]]",
  },
  msgpack: {
    "empty lists": [0x90],
    "empty maps": [0x80],
    "empty texts": [0xa0],
    "empty bytes": [0xc4, 0],
    "zeros": [0],
    "floats": [0xca, 0x3f, 0xc0, 0, 0],
    "large integers": [0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
    "maps of one key": [0x81, 0xa1, 0x61, 0],
    "maps of one number": [0x81, 0, 0],
    "lists of one": [0x91, 0],
    "lists in lists": [0x91, 0x91, 0x91, 0x90],
  },
} as const satisfies Record<WireName, Record<string, string | number[]>>;

/** The names of what heavy frames of a codec are made of. */
export function heavyKinds(name: WireName): string[] {
  return Object.keys(HEAVY[name]);
}

/** Stands in a message where its heavy list is to be. */
export const HOLE: readonly string[] = ["@@"];

/**
 * The payload of `message` with a list in the place of {@linkcode HOLE}: of as
 * many equal items as so many bytes have room for.
 */
export function heavyPayload(
  name: WireName,
  kind: string,
  message: unknown,
  bytes: number,
): Uint8Array {
  const item = (HEAVY[name] as Record<string, string | readonly number[]>)[
    kind
  ]!;
  const around = encodeWire(name, message);
  const hole = encodeWire(name, HOLE);
  const at = around.findIndex((_, start) =>
    hole.every((byte, index) => around[start + index] === byte)
  );
  const room = bytes - around.length - hole.length;
  const list = typeof item === "string"
    ? jsonList(item, room)
    : msgpackList(item, room);
  const payload = new Uint8Array(around.length - hole.length + list.length);
  payload.set(around.subarray(0, at));
  payload.set(list, at);
  payload.set(around.subarray(at + hole.length), at + list.length);
  return payload;
}

function jsonList(item: string, bytes: number): Uint8Array {
  const items = `${item},`.repeat(Math.floor(bytes / (item.length + 1)));
  return new TextEncoder().encode(`[${items.slice(0, -1)}]`);
}

function msgpackList(item: readonly number[], bytes: number): Uint8Array {
  const count = Math.floor(bytes / item.length);
  const list = new Uint8Array(5 + count * item.length);
  list.set([0xdd, ...uint32(count)]);
  const items = list.subarray(5);
  items.set(item);
  for (let filled = item.length; filled < items.length; filled *= 2) {
    items.copyWithin(filled, 0, Math.min(filled, items.length - filled));
  }
  return list;
}

function uint32(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
}

/** The payload of a call whose argument is nested so deep. */
export function deepCall(
  name: WireName,
  id: number,
  depth: number,
): Uint8Array {
  if (name === "json") {
    const text = `[0,${id},["echo",[${"[".repeat(depth)}${
      "]".repeat(depth)
    }],{}]]`;
    return new TextEncoder().encode(text);
  }
  const before = [0x93, 0, 0xce, ...uint32(id), 0x93, 0xa4];
  const path = new TextEncoder().encode("echo");
  return Uint8Array.from([
    ...before,
    ...path,
    0x91,
    ...new Array(depth).fill(0x91),
    0x90,
    0x80,
  ]);
}
