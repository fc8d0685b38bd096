import { rest } from "../../shared/wait.ts";
import { FaultClient, type FaultTrial } from "./_fault.ts";
import type { Outcome } from "./_outcome.ts";
import type { Scale } from "./_scale.ts";
import { startServerProcess } from "./stopped_server.ts";

/** The addresses of the two ends of the wire. */
const HERE = "10.213.17.1";
const THERE = "10.213.17.2";

/**
 * A wire between this process and a separate network namespace. Each of its
 * directions can be cut.
 */
class Wire implements AsyncDisposable {
  /** The name of the namespace. */
  readonly space = `denomas-${Deno.pid}`;
  readonly #link = `dm${Deno.pid}`;

  /** Creates the namespace and the wire. */
  static async make(): Promise<Wire> {
    const wire = new Wire();
    const { space } = wire;
    const [here, there] = [`${wire.#link}a`, `${wire.#link}b`];
    await run("ip", "netns", "add", space);
    try {
      const peer = ["peer", "name", there, "netns", space];
      await run("ip", "link", "add", here, "type", "veth", ...peer);
      await run("ip", "address", "add", `${HERE}/30`, "dev", here);
      await run("ip", "link", "set", here, "up");
      await run(
        "ip",
        "-n",
        space,
        "address",
        "add",
        `${THERE}/30`,
        "dev",
        there,
      );
      await run("ip", "-n", space, "link", "set", there, "up");
      await run("ip", "-n", space, "link", "set", "lo", "up");
      return wire;
    } catch (error) {
      await wire[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Drops packets towards the namespace or from it, at a port. */
  async cut(towards: "server" | "client", port: number): Promise<void> {
    const [hook, field] = towards === "server"
      ? ["input", "dport"]
      : ["output", "sport"];
    const rule = `table inet cut${port} { chain drops { ` +
      `type filter hook ${hook} priority 0; tcp ${field} ${port} drop; }; }`;
    await run("ip", "netns", "exec", this.space, "nft", rule);
  }

  /** Lets all packets through again. */
  async heal(port: number): Promise<void> {
    const rule = ["delete", "table", "inet", `cut${port}`];
    await run("ip", "netns", "exec", this.space, "nft", ...rule);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It would disappear with the namespace, but some time later.
    await run("ip", "link", "delete", `${this.#link}a`).catch(() => {});
    await run("ip", "netns", "delete", this.space);
  }
}

/** Cuts one direction of the wire between a client and a server. */
export const cutWire: FaultTrial = {
  name: "cut wire",
  async missing() {
    try {
      await run("nft", "list", "ruleset");
      await using _ = await Wire.make();
      return null;
    } catch (error) {
      return `root on Linux, with 'ip' of iproute2 and 'nft' of nftables (${
        (error as Error).message
      })`;
    }
  },
  async run(scale) {
    await using wire = await Wire.make();
    const both = [cutOne(wire, scale, "server"), cutOne(wire, scale, "client")];
    const outcomes = await Promise.allSettled(both);
    return outcomes.flatMap((it) => {
      if (it.status === "rejected") throw it.reason;
      return it.value;
    });
  },
};

/** Cuts one direction, with one client that calls and one that is idle. */
async function cutOne(
  wire: Wire,
  scale: Scale,
  towards: "server" | "client",
): Promise<Outcome[]> {
  const ends: number[] = [];
  await using server = startServerProcess(
    `tcp://${THERE}:0`,
    scale,
    ["ip", "netns", "exec", wire.space],
    () => ends.push(performance.now()),
  );
  const address = await server.first;
  const port = Number(address.split(":").pop());
  await using busy = await FaultClient.open(address, scale);
  await using idle = await FaultClient.open(address, scale);
  // Begin in the middle of a heartbeat interval.
  await rest(scale.heartbeatMs * 0.4);
  const noticeBoundMs = 3 * scale.heartbeatMs;
  let [began, idleEnded]: (number | null)[] = [null, null];
  const outcome = await busy.suffer({
    fault: `wire cut towards the ${towards}`,
    boundMs: noticeBoundMs + scale.queueTimeoutMs,
    noticeBoundMs,
    run: async () => {
      idle.endedAt = null;
      began = performance.now();
      await wire.cut(towards, port);
      try {
        await rest(noticeBoundMs + scale.heartbeatMs);
      } finally {
        idleEnded = idle.endedAt;
        await wire.heal(port);
      }
    },
  });
  const since = (at: number | null | undefined) =>
    at == null ? Infinity : at - began!;
  const row = (who: string, noticedMs: number): Outcome => ({
    ...outcome,
    fault: `the same, as seen by ${who}`,
    noticedMs,
  });
  return [
    { ...outcome, noticedMs: outcome.noticedMs ?? Infinity },
    row("an idle client", since(idleEnded)),
    // The server notices the end of both clients' connections.
    row("the server", Math.max(since(ends[0]), since(ends[1]))),
  ];
}

/** Runs a system program until it ends. */
async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Running '${program} ${args.join(" ")}': ${said}`);
}
