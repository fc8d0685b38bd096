/**
 * Publishing items to many subscribers. A {@linkcode Topic} keeps its last
 * items, each subscriber reads them as a stream, and {@linkcode resumable}
 * continues such a stream after its connection was lost.
 *
 * @module
 */
export { MissedItemsError } from "../errors.ts";
export { resumable } from "./resumable.ts";
export { Topic } from "./topic.ts";
export type { TopicEntry } from "./topic.ts";
