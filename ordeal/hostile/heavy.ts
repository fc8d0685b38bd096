import type { WireName } from "./wire.ts";

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

/**
 * The payload of a call of `path` with one argument: a list of as many equal
 * items as `bytes` have room for.
 */
export function heavyCall(
  name: WireName,
  kind: string,
  { id, path, bytes }: {
    readonly id: number;
    readonly path: string;
    readonly bytes: number;
  },
): Uint8Array {
  const item = (HEAVY[name] as Record<string, string | readonly number[]>)[
    kind
  ]!;
  return typeof item === "string"
    ? heavyJson(item, `[0,${id},["${path}",[[`, "]],{}]]", bytes)
    : heavyMsgpack(item, id, path, bytes);
}

function heavyJson(
  item: string,
  before: string,
  after: string,
  bytes: number,
): Uint8Array {
  const size = item.length + 1;
  const count = Math.floor((bytes - before.length - after.length) / size);
  const items = `${item},`.repeat(count);
  return new TextEncoder().encode(before + items.slice(0, -1) + after);
}

function heavyMsgpack(
  item: readonly number[],
  id: number,
  path: string,
  bytes: number,
): Uint8Array {
  const name = new TextEncoder().encode(path);
  const count = Math.floor((bytes - name.length - 24) / item.length);
  const before = [
    ...[0x93, 0, 0xce, ...uint32(id)],
    ...[0x93, 0xd9, name.length, ...name],
    ...[0x91, 0xdd, ...uint32(count)],
  ];
  const payload = new Uint8Array(before.length + count * item.length + 1);
  payload.set(before);
  const items = payload.subarray(before.length, -1);
  items.set(item);
  for (let filled = item.length; filled < items.length; filled *= 2) {
    items.copyWithin(filled, 0, Math.min(filled, items.length - filled));
  }
  payload[payload.length - 1] = 0x80;
  return payload;
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
