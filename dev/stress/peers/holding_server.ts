/**
 * A server that holds whatever it is given, and tells its memory.
 *
 * @module
 */
import { json } from "../../../channel/codecs/json/json.ts";
import { msgpack } from "../../../channel/codecs/msgpack/msgpack.ts";
import type { Codec } from "../../../channel/codecs/codec.ts";
import { call } from "../../../rpc/call.ts";
import { expose } from "../../../rpc/service/expose.ts";
import { startServer } from "../../../rpc/deno.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { service } from "../../../rpc/service/service.ts";
import { offer } from "../_steered.ts";

/** The codecs that can be asked for. */
const CODECS = { json, msgpack } satisfies Record<string, () => Codec>;

/** The name of a codec that can be asked for. */
export type CodecName = keyof typeof CODECS;

/** The service: its calls hold their arguments until they end. */
export const held = service({
  ping: () => null,
  hold: (..._values: unknown[]) =>
    new Promise<never>((_resolve, reject) => {
      const { signal } = call();
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
  /** Reads one item, and then none. */
  save: async (items: AsyncIterable<unknown>) => {
    const { signal } = call();
    for await (const _ of items) {
      await new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
  },
  /** Has a value of the caller's awaited. */
  ask: async (listener: () => unknown) => void await listener(),
});

/** Controls the server. */
export class HoldingServer implements AsyncDisposable {
  #server: RpcServer | null = null;

  /** Starts the server and returns its address. */
  @expose
  async open(codec: CodecName): Promise<string> {
    this.#server = await startServer("tcp://127.0.0.1:0", held, {
      codec: CODECS[codec](),
      // What hostile peers do is counted by who sends them.
      onError: () => {},
    });
    return this.#server.address;
  }

  /** The most memory that the process has had, in bytes. */
  @expose
  async peakBytes(): Promise<number> {
    if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
    const status = await Deno.readTextFile("/proc/self/status");
    return Number(/VmHWM:\s*(\d+)/.exec(status)![1]) * 1_024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close({ graceMs: 0 });
  }
}

if (import.meta.main) await offer(new HoldingServer());
