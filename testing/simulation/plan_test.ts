import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../network/random.ts";
import { drawFaults, formatFaults, parseFaults } from "./plan.ts";

const CHAOS = {
  ...{ partition: 0.5, hold: 0.5, delay: 0.5, reset: 0.5, "half-open": 0.5 },
  ...{ crash: 0.5, pause: 0.5, skew: 0.5 },
};

function draw(seed: number, chaos: Parameters<typeof drawFaults>[0] = CHAOS) {
  const random = seededRandom(seed);
  return drawFaults(chaos, "a b:,", { fromMs: 0, untilMs: 600_000, random });
}

Deno.test("drawFaults - gives all kinds, in order, the same for a seed", () => {
  const faults = draw(7);
  assertEquals(faults, draw(7));
  assertEquals(new Set(faults.map(({ kind }) => kind)).size, 8);
  assertEquals(faults, faults.toSorted((a, b) => a.atMs - b.atMs));
  assert(faults.every(({ atMs }) => atMs < 600_000));
  assertEquals(draw(7, {}), []);
});

Deno.test("drawFaults - keeps the other kinds when one is left out", () => {
  const { crash: _, ...others } = CHAOS;
  const withoutCrash = draw(7).filter(({ kind }) => kind !== "crash");
  assertEquals(draw(7, others), withoutCrash);
});

Deno.test("parseFaults - reads what formatFaults writes", () => {
  const faults = draw(3);
  assertEquals(parseFaults(formatFaults(faults)), faults);
  assertEquals(parseFaults(""), []);
  assertEquals(
    formatFaults(parseFaults("hold:ada:14270+3564")),
    "hold:ada:14270+3564",
  );
});

Deno.test("parseFaults - names what is no fault", () => {
  assertThrows(
    () => parseFaults("hold:ada:1+2,flood:b:1+2"),
    SyntaxError,
    "flood",
  );
  assertThrows(() => parseFaults("hold:ada:x"), SyntaxError, "'hold:ada:x'");
});
