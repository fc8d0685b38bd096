import { printable } from "../../transports/printable.ts";
import { LOG_LEVELS, type LogLevel } from "./command_line.ts";

/** Logs a text at a level. A function creates the text only if it is logged. */
export type Log = (level: LogLevel, text: string | (() => string)) => void;

/**
 * Returns a {@linkcode Log} that writes to standard error, without levels below
 * `least`. Each text, which may come from mosaik, is written as one line.
 */
export function logTo(least: LogLevel): Log {
  const from = LOG_LEVELS.indexOf(least);
  return (level, text) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    const told = typeof text === "string" ? text : text();
    printError(`${level}: ${printable(told, Infinity)}`);
  };
}

/** Prints to standard error. */
export function printError(text: string): void {
  // deno-lint-ignore no-console -- a program on the command line speaks to people
  console.error(text);
}

/** Prints to standard output. */
export function print(text: string): void {
  // deno-lint-ignore no-console -- the help is what was asked for
  console.log(text);
}
