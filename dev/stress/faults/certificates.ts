import { startServer } from "../../../rpc/deno.ts";
import { createTestAuthority } from "../../../testing/certificates/certificates.ts";
import { cutFor, FaultClient, type FaultTrial } from "./_fault.ts";
import { NumberedService } from "./peers/_numbered_service.ts";

/**
 * Replaces the certificate of a client step by step, like a program that writes
 * its files one after the other, while connections are cut.
 */
export const certificates: FaultTrial = {
  name: "certificates",
  async run(scale) {
    const authority = await createTestAuthority();
    const caCerts = authority.caCert;
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const write = async (issued: { cert: string; key: string }) => {
      await Deno.writeTextFile(cert, issued.cert);
      await Deno.writeTextFile(key, issued.key);
    };
    await write(await authority.issue());
    try {
      await using server = await startServer(
        "tcp://127.0.0.1:0",
        new NumberedService(),
        { tls: { ...await authority.issue(), caCerts } },
      );
      await using client = await FaultClient.open(server.address, scale, {
        tls: { cert, key, caCerts },
      });
      const wait = () => cutFor(server, scale.stepMs, scale.stepMs / 4);
      const outcome = await client.suffer({
        fault: "certificate replaced step by step, connections cut",
        boundMs: scale.queueTimeoutMs,
        run: async () => {
          for (let round = 0; round < scale.rounds; round++) {
            const next = await authority.issue();
            await Deno.remove(cert);
            await wait();
            await Deno.writeTextFile(cert, "");
            await wait();
            // The new certificate does not match the old key yet.
            await Deno.writeTextFile(cert, next.cert);
            await wait();
            await write(next);
            await wait();
          }
        },
      });
      return [outcome];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};
