/**
 * A server whose parent reads its figures.
 *
 * @module
 */
import type { LimitOptions } from "../../../channel/limits/limits.ts";
import { startServer } from "../../../rpc/deno.ts";
import { expose } from "../../../rpc/service/expose.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { collectGarbage } from "../../shared/heap.ts";
import { type Endpoint, endpointOptions } from "../_endpoint.ts";
import { offer } from "../_steered.ts";
import { TestServer } from "../_test_server.ts";

/** The figures of a test server. */
export interface ServerFigures {
  /** Calls that have begun. */
  readonly runs: number;
  /** The maximum number of simultaneous slow calls. */
  readonly mostUnderWay: number;
  readonly connections: number;
  /** The number of entries in the server's tables. */
  readonly pending: number;
  /** Memory of the process after garbage collection, in bytes. */
  readonly memoryBytes: number;
}

/** Controls a test server. */
export class ServerControl implements AsyncDisposable {
  readonly #service = new TestServer();
  #server: RpcServer | null = null;

  /** Starts the server and returns its address. */
  @expose
  async open(endpoint: Endpoint, limits: LimitOptions): Promise<string> {
    this.#server = await startServer(endpoint.address, this.#service, {
      ...endpointOptions(endpoint),
      limits,
    });
    return this.#server.address;
  }

  @expose
  async figures(): Promise<ServerFigures> {
    await collectGarbage();
    const { runs, mostUnderWay } = this.#service;
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

if (import.meta.main) await offer(new ServerControl());
