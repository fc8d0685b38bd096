import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createTestAuthority } from "../../testing/certificates.ts";
import { conformance, type Stage } from "../conformance.ts";
import { LAYERS } from "../matrix.ts";
import { callAiomas, serveAiomas, type TlsOption } from "../sessions.ts";
import {
  ADDRESS,
  callHere,
  type PythonTls,
  serveThere,
} from "../with_aiomas.ts";

const feature = "TLS, with a certificate for each side";
const notOnUnix = "TLS is for TCP.";

for (const layer of LAYERS) {
  conformance(
    { layer, feature, serves: "aiomas", notOnUnix },
    async (stage) => {
      const { python, codec } = stage;
      const { there, here } = await certificates(stage);
      const session = { layer, serves: "aiomas", codec } as const;
      const address = await serveThere(python, session, there);
      const results = await callAiomas(session, address, here) as unknown[];
      const failed = results.filter((it) =>
        JSON.stringify(it).includes("$error")
      );
      // The one that is to fail.
      assertEquals(failed, [{ $error: "RemoteError: too far" }]);
    },
  );

  conformance(
    { layer, feature, serves: "denomas", notOnUnix },
    async (stage) => {
      const { ctx, python, codec } = stage;
      const { there, here } = await certificates(stage);
      const session = { layer, serves: "denomas", codec } as const;
      const serving = ctx.use(await serveAiomas(session, ADDRESS, here));
      assertEquals(await callHere(python, session, serving.address, there), 1);
    },
  );
}

/** Certificates of one authority: files for aiomas, and text for denomas. */
async function certificates(
  { ctx }: Stage,
): Promise<{ there: PythonTls; here: TlsOption }> {
  const authority = await createTestAuthority();
  const folder = await Deno.makeTempDir({ prefix: "interop-" });
  ctx.use({
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  });
  const caCerts = authority.caCert;
  const theirs = await authority.issue({ name: "aiomas" });
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  return {
    there: {
      cafile: await write("ca.pem", caCerts),
      certfile: await write("cert.pem", theirs.cert),
      keyfile: await write("key.pem", theirs.key),
    },
    here: { tls: { ...await authority.issue({ name: "denomas" }), caCerts } },
  };
}
