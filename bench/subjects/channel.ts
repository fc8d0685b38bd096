import {
  type Codec,
  json,
  msgpack,
  openConnection,
  startServer,
} from "@denomas/denomas/channel";
import { fastMsgpack } from "@denomas/denomas/msgpack";
import { answer, type Question, type Subject } from "./subject.ts";

/** A channel, answered from a loop over its requests. */
export const channel: Subject = channelWith("channel", json());

/** The same, with MessagePack by the default engine. */
export const channelMsgPack: Subject = channelWith(
  "channel-msgpack",
  msgpack(),
);

/** The same, with the fast codec for it. */
export const channelFastMsgPack: Subject = channelWith(
  "channel-fast-msgpack",
  fastMsgpack(),
);

function channelWith(name: string, codec: Codec): Subject {
  return {
    name,
    serve: (address) =>
      startServer(address, async (channel) => {
        for await (const request of channel) {
          request.reply(answer(request.content as Question));
        }
      }, { codec }),
    connect: async (address) => {
      const channel = await openConnection(address, { codec });
      return {
        call: (question) => channel.send(question),
        [Symbol.asyncDispose]: () => channel.close(),
      };
    },
  };
}
