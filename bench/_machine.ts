import { cpus } from "node:os";

/** A line on what the figures were taken with. */
export function describeMachine(): string {
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  const { os, arch } = Deno.build;
  return `${model.trim()}, ${navigator.hardwareConcurrency} cores, ${os} ${arch}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`;
}
