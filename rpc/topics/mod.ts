/**
 * Items for many subscribers: a {@linkcode Topic} keeps the last ones, each
 * subscriber reads them as a stream, and {@linkcode resumable} continues such a
 * stream after its connection was lost.
 *
 * @module
 */
export { MissedItemsError } from "../errors.ts";
export { resumable } from "./resumable.ts";
export { Topic } from "./topic.ts";
export type { TopicEntry } from "./topic.ts";
