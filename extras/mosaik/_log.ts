import { printable } from "../../transports/printable.ts";
import { LOG_LEVELS, type LogLevel } from "./command_line.ts";

/** Tells something of a level; a text that costs something is made if told. */
export type Log = (level: LogLevel, text: string | (() => string)) => void;

/**
 * A {@linkcode Log} on standard error that leaves out what is below `least`. A
 * text, which may come from mosaik, is one line.
 */
export function logTo(least: LogLevel): Log {
  const from = LOG_LEVELS.indexOf(least);
  return (level, text) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    const told = typeof text === "string" ? text : text();
    printError(`${level}: ${printable(told, Infinity)}`);
  };
}

/** Prints on standard error. */
export function printError(text: string): void {
  // deno-lint-ignore no-console -- a program on the command line speaks to people
  console.error(text);
}

/** Prints on standard output. */
export function print(text: string): void {
  // deno-lint-ignore no-console -- the help is what was asked for
  console.log(text);
}
