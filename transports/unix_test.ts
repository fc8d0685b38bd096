import { testTransport } from "../testing/transport_suite.ts";
import { unix } from "./unix.ts";

/** Deno has no Unix sockets there. */
const HAS_NO_UNIX_SOCKETS = Deno.build.os === "windows";

testTransport(unix, {
  name: "unix",
  ignore: HAS_NO_UNIX_SOCKETS,
  place: async () => {
    const folder = await Deno.makeTempDir({ prefix: "d" });
    return {
      address: `ipc://[${folder}/s]`,
      dispose: () => Deno.remove(folder),
    };
  },
});
