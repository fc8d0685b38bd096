import { json } from "../../../channel/codecs/json/json.ts";
import { msgpack } from "../../../channel/codecs/msgpack/msgpack.ts";
import { fastMsgpack } from "../../../channel/codecs/msgpack/fast/fast_msgpack.ts";
import { seededRandom } from "../../../testing/network/_random.ts";
import { withCtx } from "../../../testing/ctx.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import type { AttackOptions } from "./log.ts";

/** How many frames a test sends in each of its steps. */
const FRAMES = 300;
const SEED = 15;

/**
 * Registers a test of `attack` on each transport and codec: a part of what the
 * stress run does for longer. It passes if no promise was broken.
 */
export function testBriefly(
  name: string,
  attack: (ctx: Ctx, options: AttackOptions) => Promise<void>,
): void {
  withCtx({
    name,
    transports: ["tcp", "unix", "memory", "tls"],
    codecs: [json(), msgpack(), fastMsgpack()],
    timeoutMs: 60_000,
  }, async (ctx) => {
    const breaches: string[] = [];
    await attack(ctx, {
      random: seededRandom(SEED),
      goesOn: (frames) => frames < FRAMES,
      log: {
        count: () => {},
        honest: () => {},
        breach: (sentence) => void breaches.push(sentence),
      },
    });
    if (breaches.length > 0) throw new Error(breaches.join("\n"));
  });
}
