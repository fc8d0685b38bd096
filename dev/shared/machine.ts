import { cpus } from "node:os";
import { print } from "../bench/_print.ts";

/** A line on what the figures were taken with. */
export function describeMachine(): string {
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  const { os, arch } = Deno.build;
  return `${model.trim()}, ${navigator.hardwareConcurrency} cores, ${os} ${arch}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`;
}

/** Says so where the machine is busy: what runs beside shows in every figure. */
export function warnOfLoad(): void {
  const [load = 0] = Deno.loadavg();
  if (load < 0.5) return;
  print(`The machine is busy (load ${load.toFixed(1)}): expect noise`);
}
