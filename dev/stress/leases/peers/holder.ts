/**
 * A container that stores entries, and prints each write to a key that begins
 * with `state.` when it takes effect.
 *
 * @module
 */
import { EngineAgent } from "../../../../agent/cluster/engine_agent.ts";
import { Container } from "../../../../agent/container.ts";
import { expose } from "../../../../rpc/service/expose.ts";
import { printLine } from "../../../shared/peer_process.ts";
import { dismissal } from "../../_steered.ts";

class PrintingAgent extends EngineAgent {
  @expose
  override async put(
    key: string,
    value: string,
    expected: number,
    leaseMs: number | null,
  ): Promise<number | null> {
    const revision = await super.put(key, value, expected, leaseMs);
    if (revision !== null && key.startsWith("state.")) {
      printLine(JSON.stringify({ key, ...JSON.parse(atob(value)) }));
    }
    return revision;
  }
}

await using container = await Container.create("tcp://127.0.0.1:0");
printLine((await container.spawn(PrintingAgent)).address);
await dismissal();
