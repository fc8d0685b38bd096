import { openConnection, service, startServer } from "@denomas/denomas/rpc";
import { answer, type Subject } from "./subject.ts";

const greeter = service({ answer });

/** A method that is called by a typed proxy, over a channel with JSON. */
export const rpc: Subject = {
  name: "rpc",
  serve: (address) => startServer(address, greeter),
  connect: async (address) => {
    const client = await openConnection<typeof greeter>(address);
    return {
      call: (question) => client.remote.answer(question),
      [Symbol.asyncDispose]: () => client.close(),
    };
  },
};
