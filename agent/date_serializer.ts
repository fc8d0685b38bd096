import type { Serializer } from "../channel/codecs/types/serializer.ts";
import { parseUtc } from "./clock/_time.ts";

/**
 * Transfers a `Date` as ISO 8601 text. Received text without a zone is read as
 * UTC. In containers this serializer comes before the user's, so that dates
 * have the type id 0, as in aiomas.
 */
export const dateSerializer: Serializer<Date> = {
  type: Date,
  serialize(date) {
    if (!Number.isNaN(date.getTime())) return date.toISOString();
    throw new RangeError("the date is invalid");
  },
  deserialize(data) {
    if (typeof data === "string") return new Date(parseUtc(data));
    throw new TypeError("a date must be text in the form of ISO 8601");
  },
};
