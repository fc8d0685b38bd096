import { printable } from "../../transports/printable.ts";

/** The longest class name that another container may send. */
const MAX_NAME_LENGTH = 256;

/** The length of a reason from another container that is shown. */
const MAX_REASON_LENGTH = 500;

/** Reads a class name that another container sent; `null` if it is none. */
export function readClassName(received: unknown): string | null {
  if (typeof received !== "string" || received === "") return null;
  return printable(received, MAX_NAME_LENGTH);
}

/** Reads a reason that another container sent, safe to show and to log. */
export function readReason(received: unknown): string {
  return typeof received === "string" && received !== ""
    ? printable(received, MAX_REASON_LENGTH)
    : "its container gave no reason";
}
