import {
  method,
  openConnection,
  type RpcOptions,
  service,
  startServer,
} from "@denomas/denomas/rpc";
import {
  CODECS,
  FAST_CODEC,
  JSON_CODEC,
  type MeasuredCodec,
} from "./_codecs.ts";
import { echo, hang, items, takeItems } from "./_methods.ts";
import { answer, SERVER_LIMITS, type Subject } from "./subject.ts";

const methods = { answer, echo, items, hang };
const greeter = service(methods);
/** A service whose `echo` gets views of the read buffer instead of copies. */
const borrower = service({
  ...methods,
  echo: method({ borrowsBytes: true }, echo),
});

/**
 * Subjects that call a method through a typed proxy over a channel, by codec.
 */
export const rpcs: readonly Subject[] = [
  ...CODECS.map((codec) => rpcWith("rpc", codec, {})),
  rpcWith(
    "rpc",
    { ...FAST_CODEC, suffix: "-msgpack-fast-borrowed" },
    {},
    borrower,
  ),
];

/** Returns the RPC subject with JSON and the given options. */
export function rpcNamed(name: string, options: RpcOptions): Subject {
  return rpcWith(name, JSON_CODEC, options);
}

function rpcWith(
  name: string,
  { suffix, payload, codec }: MeasuredCodec,
  more: RpcOptions,
  served: object = greeter,
): Subject {
  const options = { ...more, codec };
  return {
    name: `${name}${suffix}`,
    payload,
    serve: (address) =>
      startServer(address, served, { ...options, limits: SERVER_LIMITS }),
    connect: async (address) => {
      const client = await openConnection<typeof greeter>(address, options);
      const { remote } = client;
      return {
        call: (question) => remote.answer(question),
        echo: (payload) => remote.echo(payload),
        receive: async (count) => takeItems(await remote.items(count), count),
        hang: () => remote.hang(),
        [Symbol.asyncDispose]: () => client.close(),
      };
    },
  };
}
