import { type Codec, json, msgpack } from "@denomas/denomas/channel";

/** The names of the codecs in the programs' arguments. */
export const CODECS = ["json", "msgpack"] as const;

/** Creates the codec called `name`; both sides must use the same one. */
export function codecNamed(name: string | undefined): Codec {
  switch (name) {
    case "json":
      return json();
    case "msgpack":
      return msgpack();
    default:
      throw new TypeError(
        `Cannot choose codec '${name}': use one of '${CODECS.join("', '")}'`,
      );
  }
}
