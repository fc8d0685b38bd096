import { CODECS, type MeasuredCodec } from "./_codecs.ts";
import { answer, type Question, type Subject } from "./subject.ts";

/**
 * The upper limit of calls in memory: encodes, copies and decodes both messages
 * of a call, by codec, without anything in between.
 */
export const codecsAlone: readonly Subject[] = CODECS.map(codecAlone);

type Message = [type: number, id: number, content: unknown];

const encoder = new TextEncoder();
/** Larger than any message here. */
const scratch = new Uint8Array(64 * 1024);

/**
 * Copies a message. The copy is valid until the next one, like payloads of
 * connections.
 */
function copy(encoded: string | Uint8Array): Uint8Array {
  if (typeof encoded === "string") {
    return scratch.subarray(0, encoder.encodeInto(encoded, scratch).written);
  }
  scratch.set(encoded);
  return scratch.subarray(0, encoded.length);
}

function codecAlone({ suffix, payload, codec }: MeasuredCodec): Subject {
  const pass = (message: unknown) => {
    const encoded = codec.encode(message);
    return codec.decode(copy(encoded)) as Message;
  };
  return {
    name: `codec${suffix}`,
    payload,
    serve: (address) =>
      Promise.resolve({
        address,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    connect: () => {
      let nextId = 0;
      return Promise.resolve({
        call: (question) => {
          const [, id, asked] = pass([0, nextId++, question]);
          const [, , answered] = pass([1, id, answer(asked as Question)]);
          return Promise.resolve(answered);
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
}
