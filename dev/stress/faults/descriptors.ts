import { startServer } from "../../../rpc/deno.ts";
import { createTestAuthority } from "../../../testing/certificates/certificates.ts";
import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";
import { cutFor, type FaultTrial } from "./_fault.ts";
import type { Outcome } from "./_outcome.ts";
import type { ExhaustedTask } from "./peers/exhausted_client.ts";
import { NumberedService } from "./peers/_numbered_service.ts";
import type { Scale } from "./_scale.ts";

/** The files that the client's process may open. */
const MOST_FILES = 64;

/** A client runs out of file descriptors while its connections are cut. */
export const descriptors: FaultTrial = {
  name: "descriptors",
  missing: () => Promise.resolve(Deno.build.os === "windows" ? "ulimit" : null),
  run: async (scale) => [
    await exhaust(scale, false),
    await exhaust(scale, true),
  ],
};

async function exhaust(scale: Scale, isTls: boolean): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    const authority = await createTestAuthority();
    const caCerts = `${folder}/ca.pem`;
    await Deno.writeTextFile(caCerts, authority.caCert);
    await using server = await startServer(
      "tcp://127.0.0.1:0",
      new NumberedService(),
      isTls ? { tls: await authority.issue() } : {},
    );
    const { address } = server;
    const task: ExhaustedTask = {
      address,
      scale,
      caCerts: isTls ? caCerts : null,
    };
    const program = new URL("./peers/exhausted_client.ts", import.meta.url);
    const limited = ["sh", "-c", `ulimit -n ${MOST_FILES}; exec "$@"`, "sh"];
    const exhausted = Promise.withResolvers<void>();
    await using client = new PeerProcess([
      ...limited,
      ...denoCommand(program, [JSON.stringify(task)]),
    ], {
      env: { DENO_NO_UPDATE_CHECK: "1" },
      onLine: () => exhausted.resolve(),
    });
    await client.first;
    const outcome = client.ask<Outcome>("suffer");
    await Promise.race([exhausted.promise, outcome]);
    await cutFor(server, scale.exhaustedMs, 100);
    return {
      ...await outcome,
      fault: `no file descriptors, connections cut, ${isTls ? "TLS" : "TCP"}`,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
