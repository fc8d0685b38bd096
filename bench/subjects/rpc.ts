import {
  openConnection,
  type RpcOptions,
  service,
  startServer,
} from "@denomas/denomas/rpc";
import {
  diagnostics,
  openTelemetry,
  type Telemetry,
} from "@denomas/denomas/telemetry";
import { answer, type Subject } from "./subject.ts";

const greeter = service({ answer });

/** A method that is called by a typed proxy, over a channel with JSON. */
export const rpc: Subject = rpcWith("rpc", {});

/** The same, shown on channels that nobody subscribes to. */
export const rpcDiagnostics: Subject = rpcWith(
  "rpc-diagnostics",
  shownBy(diagnostics()),
);

/** The same, shown to OpenTelemetry, with which nothing is registered. */
export const rpcTelemetry: Subject = rpcWith(
  "rpc-telemetry",
  shownBy(openTelemetry()),
);

function shownBy({ calling, serving, connecting }: Telemetry): RpcOptions {
  return {
    calling: [calling],
    serving: [serving],
    connecting: [connecting],
  };
}

function rpcWith(name: string, options: RpcOptions): Subject {
  return {
    name,
    serve: (address) => startServer(address, greeter, options),
    connect: async (address) => {
      const client = await openConnection<typeof greeter>(address, options);
      return {
        call: (question) => client.remote.answer(question),
        [Symbol.asyncDispose]: () => client.close(),
      };
    },
  };
}
