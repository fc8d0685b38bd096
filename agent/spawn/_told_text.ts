import { printable } from "../../transports/printable.ts";

/** How long the name of a class may be that another container tells. */
const MAX_NAME_LENGTH = 256;

/** How much of a reason that another container tells is shown. */
const MAX_REASON_LENGTH = 500;

/** The name of a class as another container told it; `null` if that is none. */
export function toldClassName(told: unknown): string | null {
  if (typeof told !== "string" || told === "") return null;
  return printable(told, MAX_NAME_LENGTH);
}

/** A reason as another container told it, safe to show and to log. */
export function toldReason(told: unknown): string {
  return typeof told === "string" && told !== ""
    ? printable(told, MAX_REASON_LENGTH)
    : "its container gave no reason";
}
