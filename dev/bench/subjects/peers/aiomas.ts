/**
 * aiomas 2.0.1 (PyPI, MIT) of Python, which calls itself: server and client
 * are Python processes, JSON over TCP.
 *
 * Set up as in the docs of its module `aiomas.rpc`: `start_server` with a
 * service, and `open_connection`; the codec is JSON, which is the default.
 * asyncio sets no-delay by itself. Stand-ins in this project replace parts of
 * packages that have changed since aiomas's last release in 2017.
 *
 * The client is controlled by requests over stdin and stdout. `call` and `echo`
 * go through them, so their times say nothing about aiomas; `measure` is a loop
 * in Python.
 *
 * Left out: streams, which it does not support, MessagePack, uvloop.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { pythonEnv } from "../../../checks/python_env.ts";
import { PeerProcess } from "../../../shared/peer_process.ts";
import type { Subject } from "../subject.ts";
import { tcpPlace } from "./_sockets.ts";

/** Methods called with aiomas. */
export const aiomas: Subject = {
  name: "aiomas",
  missing: async () => {
    const env = await pythonEnv();
    return "missing" in env ? env.missing : null;
  },
  serve: async (address) => {
    const { host } = tcpPlace(address);
    const server = await start("serve", address);
    return {
      address: `tcp://${host}:${await server.first}`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  connect: async (address) => {
    const client = await start("call", address);
    const act = <T>(name: string, ...args: unknown[]) =>
      client.ask<T>(name, { args });
    return {
      call: (question) => act("call", question),
      echo: (payload) => act("echo", String(payload)),
      hang: () => act("hang"),
      measure: (calls, inFlight) => act("measure", calls, inFlight),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};

async function start(role: string, address: string): Promise<PeerProcess> {
  const env = await pythonEnv();
  if ("missing" in env) throw new Error(`Running aiomas: ${env.missing}`);
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const { host, port } = tcpPlace(address);
  const peer = new PeerProcess(
    [env.python, "-B", here("aiomas_peer.py"), role, host, String(port)],
    { env: { PYTHONPATH: here("../../../interop/python") }, mayFail: true },
  );
  await peer.first;
  return peer;
}
