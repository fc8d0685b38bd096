/**
 * One client of a hall, which keeps very many slow calls under way.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import type { RpcClient } from "../../../rpc/client.ts";
import { expose } from "../../../rpc/expose.ts";
import {
  randomInteger,
  seededRandom,
} from "../../../testing/network/_random.ts";
import type { Hall } from "../_hall.ts";
import { Numbered, type Outcome } from "../_numbered.ts";
import { type Meeting, meetingOptions } from "../_task.ts";
import { offer } from "./_parent.ts";

/** How long a slow call takes, in milliseconds. */
const SLOW_MS = { least: 500, most: 1_500 };

/** Steers a flood. */
export class Flooder implements AsyncDisposable {
  readonly #calls = new Numbered();
  #client: RpcClient<Hall> | null = null;
  #pouring: Promise<void>[] = [];
  #isOver = false;

  /** Begins to keep `count` slow calls under way. */
  @expose
  async begin(meeting: Meeting, count: number, seed: number): Promise<void> {
    const random = seededRandom(seed);
    const { address } = meeting;
    this.#client = await openConnection(address, meetingOptions(meeting));
    const { remote } = this.#client;
    this.#pouring = Array.from({ length: count }, async () => {
      while (!this.#isOver) {
        const ms = randomInteger(random, SLOW_MS.least, SLOW_MS.most);
        await this.#calls.call((n) => remote.slow(n, ms));
      }
    });
  }

  /** Waits for all calls, and tells what came of them. */
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
