/**
 * One client of a server, which keeps very many slow calls in flight.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import type { RpcClient } from "../../../rpc/rpc_client.ts";
import { expose } from "../../../rpc/service/expose.ts";
import {
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import type { TestServer } from "../_test_server.ts";
import { NumberedCalls, type Outcome } from "../_numbered_calls.ts";
import { type Endpoint, endpointOptions } from "../_endpoint.ts";
import { offer } from "../_steered.ts";

/** The time of a slow call, in milliseconds. */
const SLOW_MS = { least: 500, most: 1_500 };

/** Controls a flood. */
export class Flooder implements AsyncDisposable {
  readonly #calls = new NumberedCalls();
  #client: RpcClient<TestServer> | null = null;
  #pouring: Promise<void>[] = [];
  #isOver = false;

  /** Starts to keep `count` slow calls in flight. */
  @expose
  async begin(endpoint: Endpoint, count: number, seed: number): Promise<void> {
    const random = seededRandom(seed);
    const { address } = endpoint;
    this.#client = await openConnection(address, endpointOptions(endpoint));
    const { remote } = this.#client;
    this.#pouring = Array.from({ length: count }, async () => {
      while (!this.#isOver) {
        const ms = randomInteger(random, SLOW_MS.least, SLOW_MS.most);
        await this.#calls.call((n) => remote.slow(n, ms));
      }
    });
  }

  /** Waits for all calls and returns their outcome. */
  @expose
  async end(): Promise<Outcome> {
    this.#isOver = true;
    await Promise.all(this.#pouring);
    await this.#client?.close();
    return this.#calls.outcome();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

if (import.meta.main) await offer(new Flooder());
