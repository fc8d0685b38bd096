/**
 * A server that holds its calls' arguments, and reports its memory.
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

/** The available codecs. */
const CODECS = { json, msgpack } satisfies Record<string, () => Codec>;

/** The name of an available codec. */
export type CodecName = keyof typeof CODECS;

/** The service, whose calls hold their arguments until they end. */
export const held = service({
  ping: () => null,
  hold: (..._values: unknown[]) =>
    new Promise<never>((_resolve, reject) => {
      const { signal } = call();
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
  /** Reads one item of a stream, and no more. */
  save: async (items: AsyncIterable<unknown>) => {
    const { signal } = call();
    for await (const _ of items) {
      await new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
  },
  /** Calls a function of the caller and awaits its result. */
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
      // Violations by hostile peers are counted by the sender.
      onError: () => {},
    });
    return this.#server.address;
  }

  /** Returns the peak memory of the process, in bytes. */
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
