import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { codecNamed } from "./_spawn_codec.ts";
import type { SpawnCodec } from "./_setup.ts";

/**
 * Credentials as text, in the codec in which they will be shown.
 *
 * @throws {SerializationError} If they are no plain data.
 */
export function credentialsToText(
  credentials: unknown,
  codecName: SpawnCodec,
): string {
  const codec = codecNamed(codecName);
  const packed = new TypeTable([]).pack(credentials, codec.carries);
  const payload = codec.encode(packed);
  const bytes = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  return bytes.toBase64();
}

/** The credentials that such a text holds. */
export function credentialsFromText(
  text: string,
  codecName: SpawnCodec,
): unknown {
  const payload = Uint8Array.fromBase64(text);
  return new TypeTable([]).unpack(codecNamed(codecName).decode(payload));
}
