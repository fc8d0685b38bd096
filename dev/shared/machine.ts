import { cpus } from "node:os";
import { print } from "../checks/_print.ts";

/** Describes the machine of a measurement in one line. */
export function describeMachine(): string {
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  const { os, arch } = Deno.build;
  return `${model.trim()}, ${navigator.hardwareConcurrency} cores, ${os} ${arch}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`;
}

/**
 * Prints a warning if the machine is busy, since other work affects every
 * figure.
 */
export function warnOfLoad(): void {
  const [load = 0] = Deno.loadavg();
  if (load < 0.5) return;
  print(`The machine is busy (load ${load.toFixed(1)}): expect noise`);
}
