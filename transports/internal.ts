/**
 * The names that this layer offers to the layers above, but not to users. All
 * of them work in browsers and in Node.
 *
 * @module
 */
export { spareBuffers } from "./frames/_spare_buffers.ts";
export { privateSlot } from "./_private_slot.ts";
export { observe, observed } from "./_observers.ts";
export type {
  Notifications,
  ObservedEvent,
  Observer,
  ResourceKind,
} from "./_observers.ts";
export { queueMicrotask, setRealTimer, useWorld, world } from "./_world.ts";
export type { World, WorldTimer } from "./_world.ts";
