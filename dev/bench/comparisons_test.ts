import { assertEquals } from "@std/assert";
import { verdictOf } from "./_ratios.ts";
import { comparisons, fastestPeer } from "./comparisons.ts";
import { PEERS } from "./subjects/all.ts";

function check(median: number) {
  return {
    what: "",
    unit: "× rate",
    found: { median, lower: median, upper: median },
    noise: 0,
    target: null,
  };
}

Deno.test("fastestPeer judges by the smallest ratio to JavaScript", () => {
  const fastest = fastestPeer(
    new Map([["aiomas", check(1)], ["birpc", check(2.5)], ["http", check(9)]]),
  );
  assertEquals(fastest?.found.median, 2.5);
  assertEquals(fastest && verdictOf(fastest), "met");
  assertEquals(fastestPeer(new Map()), null);
});

Deno.test("comparisons has a target for each of the peers that had one", () => {
  const baselines = comparisons(PEERS)
    .filter(({ noiseOf }) => noiseOf === "subject")
    .map(({ baseline, target }) => [baseline, target]);
  assertEquals(baselines, [
    ["aiomas", { atLeast: 6 }],
    ["birpc", null],
    ["capnweb", { atLeast: 4 }],
    ["grpc", { atLeast: 20 }],
    ["http", { atLeast: 8 }],
    ["vscode-jsonrpc", { atLeast: 6 }],
  ]);
});
