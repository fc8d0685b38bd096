import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";
import { rest } from "../../shared/wait.ts";
import { FaultClient, type FaultTrial } from "./_fault.ts";
import type { Scale } from "./_scale.ts";

/** Starts a server of {@linkcode NumberedService} in a separate process. */
export function startServerProcess(
  address: string,
  { heartbeatMs }: Scale,
  prefix: readonly string[] = [],
  onLine: (line: string) => void = () => {},
): PeerProcess {
  const program = new URL("./peers/server.ts", import.meta.url);
  const command = denoCommand(program, [address, String(heartbeatMs)]);
  // Deno would check for a new version, even without file descriptors.
  const env = { DENO_NO_UPDATE_CHECK: "1" };
  return new PeerProcess([...prefix, ...command], { env, onLine });
}

/**
 * Stops a server and resumes it later. Meanwhile its system accepts connections
 * and bytes, but nothing answers.
 */
export const stoppedServer: FaultTrial = {
  name: "stopped server",
  missing: () =>
    Promise.resolve(Deno.build.os === "windows" ? "SIGSTOP" : null),
  async run(scale) {
    await using server = startServerProcess("tcp://127.0.0.1:0", scale);
    await using client = await FaultClient.open(await server.first, scale);
    const noticeBoundMs = 3 * scale.heartbeatMs;
    const outcome = await client.suffer({
      fault: "server stopped (SIGSTOP)",
      // A call that may have run also waits for the next connection.
      boundMs: noticeBoundMs + scale.queueTimeoutMs,
      noticeBoundMs,
      run: async () => {
        Deno.kill(server.pid, "SIGSTOP");
        try {
          await rest(scale.stoppedMs);
        } finally {
          Deno.kill(server.pid, "SIGCONT");
        }
      },
    });
    return [outcome];
  },
};
