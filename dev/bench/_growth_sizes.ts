import { Arena } from "./_arena.ts";
import {
  type Growth,
  type GrowthEffort,
  inProportion,
  type Series,
} from "./_growth.ts";
import { type Point, pointOf } from "./_slope.ts";
import type { Workload } from "./workloads.ts";

const SIZES = [
  10,
  100,
  1_000,
  10_000,
  100_000,
  1_000_000,
  16 * 2 ** 20 - 1_024,
];
const SUBJECTS = ["raw", "bare", "channel", "channel-msgpack"];

/** Measures one echo after another, of more and more bytes. */
export async function measureSizes(
  { runs, runMs, most, isPinned }: GrowthEffort,
): Promise<Growth> {
  await using arena = new Arena({ isPinned });
  const series: Series[] = [];
  for (const subject of SUBJECTS) {
    const stand = await arena.stand({ subject, transport: "tcp" });
    const points: Point[] = [];
    for (const bytes of SIZES) {
      if (bytes > SIZES.at(-1)! * most) continue;
      const workload: Workload = { kind: "echo", bytes, inFlight: 1 };
      const acts = await stand.count(workload, runMs);
      const us: number[] = [];
      while (us.length < runs) {
        const { ms, count } = await stand.run(workload, acts, false);
        us.push(ms / count * 1_000);
      }
      points.push(pointOf(bytes, us));
    }
    series.push({ label: subject, points });
  }
  return {
    name: "sizes",
    title: "Payloads there and back, one after another",
    xLabel: "bytes",
    yLabel: "µs",
    series,
    checks: series.map(({ label, points }) =>
      inProportion(`${label}, time by bytes`, points)
    ),
  };
}
