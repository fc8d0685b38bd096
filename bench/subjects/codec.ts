import { CODECS, type MeasuredCodec } from "./_codecs.ts";
import { answer, type Question, type Subject } from "./subject.ts";

/**
 * What no call in memory goes past: both messages of a call encoded, copied
 * and decoded, by codec, with nothing between.
 */
export const codecsAlone: readonly Subject[] = CODECS.map(codecAlone);

const encoder = new TextEncoder();

function codecAlone({ suffix, payload, codec }: MeasuredCodec): Subject {
  const pass = (message: unknown) => {
    const encoded = codec.encode(message);
    return codec.decode(
      typeof encoded === "string" ? encoder.encode(encoded) : encoded.slice(),
    ) as [type: number, id: number, content: unknown];
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
