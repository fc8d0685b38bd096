import { natsTransport } from "@denomas/denomas/nats";
import {
  missingNats,
  NatsServer,
} from "../../../extras/nats/fixtures/server.ts";
import { rpcNamed } from "./rpc.ts";
import type { Subject } from "./subject.ts";

const overNats = rpcNamed("rpc-nats", { transports: [natsTransport()] });

/**
 * RPC with JSON through a NATS server, which runs in a process beside the
 * server.
 */
export const rpcNats: Subject = {
  ...overNats,
  missing: () => Promise.resolve(missingNats),
  serve: async () => {
    const nats = await NatsServer.start();
    const serving = await overNats.serve(`${nats.url}/bench`);
    return {
      address: serving.address,
      [Symbol.asyncDispose]: async () => {
        await serving[Symbol.asyncDispose]();
        await nats[Symbol.asyncDispose]();
      },
    };
  },
};
