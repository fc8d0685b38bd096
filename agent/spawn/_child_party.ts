import type { RpcClient } from "../../rpc/rpc_client.ts";
import { withOptions } from "../../rpc/options.ts";
import type { ContainerTraffic, Party, PartyReport } from "../clock/_party.ts";
import type { Child } from "./_child.ts";

/** The clock of a container in another process or Worker. */
export class ChildParty implements Party {
  time = 0;
  nextDue: number | null = null;
  readonly isRemote = true;
  readonly parent: () => ContainerTraffic;
  readonly #control: RpcClient<Child>;

  /**
   * `parent` reports the traffic of the container that has spawned the child.
   */
  constructor(control: RpcClient<Child>, parent: () => ContainerTraffic) {
    this.#control = control;
    this.parent = parent;
  }

  async begin(signal?: AbortSignal): Promise<void> {
    this.time = await this.#remote(signal).beginRun();
  }

  end(): void {
    // Fails only if the child is gone, which needs no end.
    this.#control.remote.endRun().catch(() => {});
  }

  async setTime(time: number, signal?: AbortSignal): Promise<void> {
    await this.#remote(signal).setRunTime(time);
    this.time = Math.max(time, this.time);
  }

  async settle(signal?: AbortSignal): Promise<PartyReport> {
    const report = await this.#remote(signal).settle();
    this.time = report.time;
    this.nextDue = report.nextDue;
    return report;
  }

  #remote(signal: AbortSignal | undefined) {
    const { remote } = this.#control;
    return withOptions(remote, { signal, timeoutMs: Infinity });
  }
}
