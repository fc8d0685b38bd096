/**
 * aiomas 2.0.1 (PyPI, MIT) of Python, which calls itself: server and client
 * are Python processes, JSON over TCP.
 *
 * Set up as the docs of its module `aiomas.rpc` say: `start_server` with a
 * service, and `open_connection`; the codec is JSON, which is the default. asyncio
 * sets no-delay by itself. Stand-ins of the project replace what aiomas takes
 * from packages that have changed since its last release, of 2017.
 *
 * Its client is steered over stdin and stdout. `call` and `echo` go through
 * them and tell nothing of aiomas's time: `measure` does, by a loop in Python.
 *
 * Left off: streams, which it does not have, MessagePack, uvloop.
 *
 * @module
 */
import { noAiomas, startAiomas } from "./_aiomas_process.ts";
import type { Peer } from "./_peer.ts";
import { tcpPlace } from "./_sockets.ts";

/** Methods by aiomas. */
export const aiomas: Peer = {
  name: "aiomas",
  missing: noAiomas,
  serve: async (address) => {
    const { host, port } = tcpPlace(address);
    const server = await startAiomas("serve", host, port);
    return {
      address: `tcp://${host}:${server.greeting}`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  connect: async (address) => {
    const { host, port } = tcpPlace(address);
    const client = await startAiomas("call", host, port);
    return {
      call: (question) => client.do("call", question),
      echo: (payload) => client.do("echo", String(payload)),
      hang: () => client.do("hang"),
      measure: (calls, inFlight) => client.do("measure", calls, inFlight),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};
