import { openConnection, startServer } from "@denomas/denomas/channel";
import { CODECS, type MeasuredCodec } from "./_codecs.ts";
import {
  answer,
  type Question,
  SERVER_LIMITS,
  type Subject,
} from "./subject.ts";

/**
 * Subjects that call a channel whose server loops over its requests, by codec.
 */
export const channels: readonly Subject[] = CODECS.map(channelWith);

/** The content of a request that is never answered. */
const HANG = null;

function channelWith({ suffix, payload, codec }: MeasuredCodec): Subject {
  return {
    name: `channel${suffix}`,
    payload,
    serve: (address) =>
      startServer(address, async (channel) => {
        for await (const request of channel) {
          const { content } = request;
          if (content === HANG) continue;
          request.reply(
            isPayload(content) ? content : answer(content as Question),
          );
        }
      }, { codec, limits: SERVER_LIMITS }),
    connect: async (address) => {
      const channel = await openConnection(address, { codec });
      return {
        call: (question) => channel.send(question),
        echo: (payload) => channel.send(payload),
        hang: () => channel.send(HANG),
        [Symbol.asyncDispose]: () => channel.close(),
      };
    },
  };
}

function isPayload(content: unknown): boolean {
  return typeof content === "string" || content instanceof Uint8Array;
}
