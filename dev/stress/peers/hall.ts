/**
 * A server whose figures are asked for from outside.
 *
 * @module
 */
import { expose } from "../../../rpc/expose.ts";
import type { LimitOptions } from "../../../channel/limits/limits.ts";
import { startServer } from "../../../rpc/deno.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { Hall } from "../_hall.ts";
import { collectGarbage } from "../../shared/heap.ts";
import { type Meeting, meetingOptions } from "../_task.ts";
import { offer } from "./_parent.ts";

/** What a hall tells of itself. */
export interface HallFigures {
  /** Calls that have begun. */
  readonly runs: number;
  /** The most slow calls at once. */
  readonly mostUnderWay: number;
  readonly connections: number;
  /** What is in its tables. */
  readonly pending: number;
  /** Memory of the process, in bytes, when all that is garbage is gone. */
  readonly memoryBytes: number;
}

/** Steers a hall. */
export class HallKeeper implements AsyncDisposable {
  readonly #hall = new Hall();
  #server: RpcServer | null = null;

  /** Opens it, and tells the real address. */
  @expose
  async open(meeting: Meeting, limits: LimitOptions): Promise<string> {
    this.#server = await startServer(meeting.address, this.#hall, {
      ...meetingOptions(meeting),
      limits,
    });
    return this.#server.address;
  }

  @expose
  async figures(): Promise<HallFigures> {
    await collectGarbage();
    const { runs, mostUnderWay } = this.#hall;
    const { channels, pendingCalls, unansweredRequests, queuedBytes } = this
      .#server!.stats();
    return {
      runs,
      mostUnderWay,
      connections: channels,
      pending: pendingCalls + unansweredRequests + queuedBytes,
      memoryBytes: Deno.memoryUsage().rss,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close();
  }
}

if (import.meta.main) await offer(new HallKeeper());
