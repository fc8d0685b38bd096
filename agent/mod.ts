/**
 * The clocks by which agents live.
 *
 * {@linkcode SystemClock} is the computer's. {@linkcode ExternalClock} stands
 * still until it is set, as by a simulator; {@linkcode fastForward} and
 * {@linkcode paceClock} set it for you. Code that takes a {@linkcode Clock}
 * runs by either: in real time, and in a test through a whole day at once.
 *
 * ```ts
 * import { type Clock, ExternalClock, fastForward } from "@denomas/denomas/agent";
 * import { assertEquals } from "@std/assert";
 *
 * async function ring(clock: Clock, bells: string[]) {
 *   for (let hour = 1; hour <= 24; hour++) {
 *     await clock.sleep(3_600);
 *     bells.push(clock.utcNow().toISOString());
 *   }
 * }
 *
 * const clock = new ExternalClock("2024-02-28");
 * const bells: string[] = [];
 * const ringing = ring(clock, bells);
 * await fastForward(clock);
 * await ringing;
 * assertEquals(bells.at(-1), "2024-02-29T00:00:00.000Z");
 * ```
 *
 * @module
 */
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./external_clock.ts";
export * from "./pace.ts";
export * from "./settle.ts";
export * from "./system_clock.ts";
