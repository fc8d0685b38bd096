import { assertEquals } from "@std/assert";
import { checked } from "./_check.ts";
import { comparisons, fastestPeer } from "./comparisons.ts";

function check(median: number) {
  return checked({
    what: "",
    unit: "× rate",
    found: { median, lower: median, upper: median },
    noise: 0,
    target: null,
  });
}

Deno.test("fastestPeer judges by the smallest ratio to JavaScript", () => {
  const fastest = fastestPeer(
    new Map([["aiomas", check(1)], ["birpc", check(2.5)], ["http", check(9)]]),
  );
  assertEquals(fastest?.found.median, 2.5);
  assertEquals(fastest?.verdict, "met");
  assertEquals(fastestPeer(new Map()), null);
});

Deno.test("comparisons wants peers even where they are missing", () => {
  const baselines = comparisons(["birpc", "capnweb"])
    .filter(({ noiseOf }) => noiseOf === "subject")
    .map(({ baseline, target }) => [baseline, target]);
  assertEquals(baselines, [
    ["birpc", null],
    ["capnweb", { atLeast: 4 }],
    ["vscode-jsonrpc", { atLeast: 6 }],
    ["grpc", { atLeast: 20 }],
    ["http", { atLeast: 8 }],
    ["aiomas", { atLeast: 6 }],
  ]);
});
