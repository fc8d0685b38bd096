import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { tcp } from "../tcp.ts";
import type { Transport } from "../transport.ts";
import { unix } from "../unix.ts";
import { nodeSockets } from "./sockets.ts";

const [nodeTcp, nodeUnix] = nodeSockets();

/** Returns a transport that connects through Node and listens through Deno. */
function calling(server: Transport, client: Transport): Transport {
  return {
    scheme: server.scheme,
    listen: server.listen,
    connect: client.connect,
  };
}

testTransport(calling(tcp(), nodeTcp!), {
  name: "nodeSockets over TCP",
  place: () => ({ address: "tcp://127.0.0.1:0" }),
});

testTransport(calling(unix(), nodeUnix!), {
  name: "nodeSockets over Unix sockets",
  ignore: Deno.build.os === "windows",
  place: async () => {
    const folder = await Deno.makeTempDir();
    return {
      address: `ipc://[${folder}/socket]`,
      dispose: () => Deno.remove(folder, { recursive: true }),
    };
  },
  skip: { addresses: "the sockets of clients have no names" },
});
