/**
 * aiomas 2.0.1 (PyPI, MIT) of Python, which calls itself: server and client
 * are Python processes, JSON over TCP.
 *
 * Set up as the docs of its module `aiomas.rpc` say: `start_server` with a
 * service, and `open_connection`; the codec is JSON, which is the default.
 * asyncio sets no-delay by itself. Stand-ins of the project replace parts of
 * packages that have changed since aiomas's last release, of 2017.
 *
 * Requests over stdin and stdout steer its client. `call` and `echo` go through
 * them and say nothing about aiomas's time; `measure` is a loop in Python.
 *
 * Left out: streams, which it does not have, MessagePack, uvloop.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { pythonEnv } from "../../../checks/python_env.ts";
import { PeerProcess } from "../../../shared/peer_process.ts";
import type { Subject } from "../subject.ts";
import { tcpPlace } from "./_sockets.ts";

/** Methods by aiomas. */
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
