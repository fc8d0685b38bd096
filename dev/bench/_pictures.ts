import type { Figure } from "./_figures.ts";
import { type Bar, drawBars, type Kind } from "./_chart.ts";

/** A picture for the guide. */
export interface Picture {
  /** Its file, beside the guide. */
  readonly file: string;
  /** The alternative text. */
  readonly title: string;
  readonly svg: string;
}

interface Drawing {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  /** The workload that is drawn over TCP. */
  readonly workload: string;
  /** Whether to draw times instead of rates: less is better. */
  readonly isTime?: boolean;
}

const DRAWINGS: readonly Drawing[] = [
  {
    file: "performance_calls.svg",
    title: "Calls, 64 in flight over TCP",
    unit: "calls/s, more is better",
    workload: "64 in flight",
  },
  {
    file: "performance_round_trip.svg",
    title: "One call after another over TCP",
    unit: "µs for a call in the median, less is better",
    workload: "sequential",
    isTime: true,
  },
  {
    file: "performance_payload.svg",
    title: "1 MiB there and back over TCP",
    unit: "MiB/s each way, more is better",
    workload: "1 MiB echo",
  },
  {
    file: "performance_stream.svg",
    title: "Streams over TCP",
    unit: "items/s, more is better",
    workload: "stream",
  },
];

/** Draws the main figures; drawings without figures are left out. */
export function drawFigures(figures: readonly Figure[]): Picture[] {
  const pictures = DRAWINGS.map(({ file, title, unit, workload, isTime }) => {
    const own = figures.filter((it) =>
      it.workload === workload && it.variant.transport === "tcp"
    );
    return picture(file, title, unit, barsOf(own, isTime ?? false, false));
  });
  const everywhere = figures.filter(({ workload, variant }) =>
    workload === "64 in flight" && kindOf(variant.subject) !== "peer"
  );
  pictures.push(picture(
    "performance_transports.svg",
    "Calls, 64 in flight",
    "calls/s, more is better",
    barsOf(everywhere, false, true),
  ));
  return pictures.filter((it) => it !== null);
}

function picture(
  file: string,
  title: string,
  unit: string,
  bars: readonly Bar[],
): Picture | null {
  if (bars.length === 0) return null;
  return { file, title, svg: drawBars({ title, unit, bars }) };
}

/** Returns the bars of some figures, the best one first. */
function barsOf(
  figures: readonly Figure[],
  isTime: boolean,
  namesTransport: boolean,
): Bar[] {
  const bars = figures.flatMap(({ variant, rate, us: [median] }): Bar[] => {
    const { subject, transport } = variant;
    const label = namesTransport ? `${subject}, ${transport}` : subject;
    const kind = kindOf(subject);
    if (!isTime) return [{ label, kind, value: rate.median, ...rate }];
    if (median == null) return [];
    return [{ label, kind, value: median, lower: median, upper: median }];
  });
  return bars.toSorted((a, b) => (b.value - a.value) * (isTime ? -1 : 1));
}

function kindOf(subject: string): Kind {
  const [layer = ""] = subject.split("-");
  if (["raw", "bare", "codec"].includes(layer)) return "limit";
  return ["channel", "rpc", "agent"].includes(layer) ? "denomas" : "peer";
}
