import { startServer } from "../../../rpc/deno.ts";
import { createTestAuthority } from "../../../testing/certificates/certificates.ts";
import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";
import { startServerProcess } from "./stopped_server.ts";
import { cutFor, FaultClient, type FaultTrial } from "./_fault.ts";
import type { Outcome } from "./_outcome.ts";
import type { ExhaustedTask } from "./peers/exhausted_client.ts";
import { NumberedService } from "./peers/_numbered_service.ts";
import type { Scale } from "./_scale.ts";

/** The maximum number of open files of the process. */
const MOST_FILES = 64;

/** Makes one side run out of file descriptors while connections are cut. */
export const descriptors: FaultTrial = {
  name: "descriptors",
  missing: () => Promise.resolve(Deno.build.os === "windows" ? "ulimit" : null),
  run: async (scale) => [
    await exhaustClient(scale, false),
    await exhaustClient(scale, true),
    await exhaustServer(scale),
  ],
};

/** The beginning of a command that limits the number of open files. */
const LIMITED = ["sh", "-c", `ulimit -n ${MOST_FILES}; exec "$@"`, "sh"];

/**
 * The system accepts connections, but the server has no descriptors for them.
 */
async function exhaustServer(scale: Scale): Promise<Outcome> {
  await using server = startServerProcess(
    "tcp://127.0.0.1:0",
    scale,
    LIMITED,
  );
  await using client = await FaultClient.open(await server.first, scale);
  return await client.suffer({
    fault: "server without file descriptors, connections cut",
    boundMs: scale.queueTimeoutMs,
    run: () => server.ask("exhaust", { timeMs: scale.exhaustedMs }),
  });
}

async function exhaustClient(scale: Scale, isTls: boolean): Promise<Outcome> {
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
    const exhausted = Promise.withResolvers<void>();
    // Deno would check for a new version, even without file descriptors.
    const env = { DENO_NO_UPDATE_CHECK: "1" };
    await using client = new PeerProcess([
      ...LIMITED,
      ...denoCommand(program, [JSON.stringify(task)]),
    ], {
      env,
      onLine: () => exhausted.resolve(),
    });
    await client.first;
    const outcome = client.ask<Outcome>("suffer");
    await Promise.race([exhausted.promise, outcome]);
    await cutFor(server, scale.exhaustedMs, 100);
    return {
      ...await outcome,
      fault: `client without file descriptors, connections cut, ${
        isTls ? "TLS" : "TCP"
      }`,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
