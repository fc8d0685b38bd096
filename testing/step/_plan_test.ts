import { assertEquals, assertThrows } from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { CtxTransport } from "../ctx_contract.ts";
import { memory } from "../../transports/memory.ts";
import { planSteps } from "./_plan.ts";

Deno.test("planSteps makes a step for each transport, in the order given", () => {
  const names = (steps: readonly { name: string }[]) =>
    steps.map(({ name }) => name);
  assertEquals(names(planSteps()), ["tcp", "unix", "memory"]);
  assertEquals(names(planSteps({ transports: ["memory", "tcp"] })), [
    "memory",
    "tcp",
  ]);
});

Deno.test("planSteps multiplies transports by codecs", () => {
  const steps = planSteps({
    transports: ["tcp", "memory"],
    codecs: [json(), msgpack()],
  });
  assertEquals(steps.map(({ name }) => name), [
    "tcp · json",
    "tcp · msgpack",
    "memory · json",
    "memory · msgpack",
  ]);
  assertEquals(steps.map(({ codec }) => codec.name), [
    "json",
    "msgpack",
    "json",
    "msgpack",
  ]);
});

Deno.test("planSteps ignores unix with a reason where there is none", () => {
  const reasons = (os: typeof Deno.build.os) =>
    planSteps({}, os).map((step) => step.ignoredBecause);
  assertEquals(reasons("linux"), [null, null, null]);
  assertEquals(reasons("windows"), [
    null,
    "Deno has no Unix sockets on Windows",
    null,
  ]);
});

Deno.test("planSteps runs what runs on all default transports on one's own, too", () => {
  const own = { name: "own", transport: memory(), address: () => "local://a" };
  const run = (chosen: string, transports?: CtxTransport[]) =>
    planSteps({ transports }, "linux", chosen, [own])
      .filter((step) => step.ignoredBecause === null)
      .map(({ name }) => name);
  assertEquals(run("./own.ts"), ["own"]);
  assertEquals(run("memory,./own.ts"), ["memory", "own"]);
  assertEquals(run("./own.ts", ["tls", "memory", "unix", "tcp"]), ["own"]);
  assertEquals(run("./own.ts", ["tcp", "unix"]), []);
  const named = planSteps({ transports: [own] }, "linux", "", []);
  assertEquals(named.map(({ transport }) => transport), [own]);
});

Deno.test("planSteps refuses a test that would run nowhere", () => {
  assertThrows(() => planSteps({ transports: [] }), RangeError, "transports");
  assertThrows(
    () => planSteps({ transports: ["tcp"], codecs: [] }),
    RangeError,
    "codecs",
  );
});

Deno.test("planSteps refuses a transport that it does not know", () => {
  const transports = ["tcp", "tpc"] as CtxTransport[];
  assertThrows(() => planSteps({ transports }), RangeError, "'tpc'");
});

Deno.test("planSteps ignores transports that DENOMAS_TRANSPORTS does not name", () => {
  const run = (chosen: string) =>
    planSteps({ transports: ["tcp", "unix", "memory", "tls"] }, "linux", chosen)
      .filter((step) => step.ignoredBecause === null)
      .map(({ name }) => name);
  assertEquals(run("tcp"), ["tcp"]);
  assertEquals(run(" tls, unix"), ["unix", "tls"]);
  assertEquals(run(""), ["tcp", "unix", "memory", "tls"]);
  const [step] = planSteps({ transports: ["memory"] }, "linux", "tcp");
  assertEquals(step!.ignoredBecause, "not in DENOMAS_TRANSPORTS");
  assertThrows(() => planSteps({}, "linux", "udp"), RangeError, "'udp'");
});
