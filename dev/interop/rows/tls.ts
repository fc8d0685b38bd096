import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createTestAuthority } from "../../../testing/certificates/certificates.ts";
import type { TlsOptions } from "../../../transports/tls/options.ts";
import { conformance, type Stage } from "../conformance.ts";
import { LAYERS } from "../matrix.ts";
import { callAiomas, serveAiomas, type Try } from "../sessions.ts";
import { callHere, type PythonTls, serveThere } from "../with_aiomas.ts";

const feature = "TLS, with a certificate for each side";
const notOnUnix = "TLS is for TCP.";

const attempt: Try = async (_meaning, act) => void await act();

for (const layer of LAYERS) {
  conformance(
    { layer, feature, serves: "aiomas", notOnUnix },
    async (stage) => {
      const { python, codec } = stage;
      const { there, here } = await certificates(stage);
      const session = { layer, codec };
      const address = await serveThere(python, session, there);
      await callAiomas(session, address, attempt, here);
    },
  );

  conformance(
    { layer, feature, serves: "denomas", notOnUnix },
    async (stage) => {
      const { ctx, python, codec } = stage;
      const { there, here } = await certificates(stage);
      const session = { layer, codec };
      const { address } = ctx.use(await serveAiomas(session, here));
      const failed = await callHere(python, session, address, attempt, there);
      const missing = layer === "channel" ? [] : ["a method that is not there"];
      assertEquals(failed, ["a failure", ...missing]);
    },
  );
}

/** Certificates of one authority: files for aiomas, and text for denomas. */
async function certificates(
  { ctx }: Stage,
): Promise<{ there: PythonTls; here: TlsOptions }> {
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
    here: { ...await authority.issue({ name: "denomas" }), caCerts },
  };
}
