import type { Figure } from "./_figures.ts";
import { type Bar, drawBars, type Kind } from "./_chart.ts";

/** A picture for the guide. */
export interface Picture {
  /** The name of its file, beside the guide. */
  readonly file: string;
  /** The alternative text. */
  readonly title: string;
  readonly svg: string;
}

interface Drawing {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  /** The workload to draw, over TCP. */
  readonly workload: string;
}

const DRAWINGS: readonly Drawing[] = [
  {
    file: "performance_calls.svg",
    title: "Calls, 64 in flight over TCP",
    unit: "calls/s, more is better",
    workload: "64 in flight",
  },
  {
    file: "performance_connect.svg",
    title: "Connect, call, close over TCP",
    unit: "connections/s, more is better",
    workload: "connect",
  },
  {
    file: "performance_payload.svg",
    title: "64 KiB there and back over TCP",
    unit: "echoes/s, more is better",
    workload: "64 KiB echo",
  },
  {
    file: "performance_stream.svg",
    title: "Streams over TCP",
    unit: "items/s, more is better",
    workload: "stream",
  },
];

/** Variants close to others, which would clutter the charts. */
const CROWDING = /^(channel|agent)-msgpack|^rpc-msgpack$|^bare-rpc$/;

/** Draws the main figures, leaving out drawings without figures. */
export function drawFigures(figures: readonly Figure[]): Picture[] {
  const shown = figures.filter(({ variant }) =>
    !CROWDING.test(variant.subject)
  );
  const pictures = DRAWINGS.map(({ file, title, unit, workload }) => {
    const own = shown.filter((it) =>
      it.workload === workload && it.variant.transport === "tcp"
    );
    return picture(file, title, unit, barsOf(own, false));
  });
  const everywhere = shown.filter(({ workload, variant }) =>
    workload === "64 in flight" && kindOf(variant.subject) !== "peer"
  );
  pictures.push(picture(
    "performance_transports.svg",
    "Calls, 64 in flight",
    "calls/s, more is better",
    barsOf(everywhere, true),
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

/** Returns the bars for `figures`, best first. */
function barsOf(figures: readonly Figure[], namesTransport: boolean): Bar[] {
  return figures.map(({ variant: { subject, transport }, rate }): Bar => ({
    label: namesTransport ? `${subject}, ${transport}` : subject,
    kind: kindOf(subject),
    value: rate.median,
    lower: rate.lower,
    upper: rate.upper,
  })).toSorted((a, b) => b.value - a.value);
}

function kindOf(subject: string): Kind {
  const [layer = ""] = subject.split("-");
  if (["raw", "bare", "codec"].includes(layer)) return "limit";
  return ["channel", "rpc", "agent"].includes(layer) ? "denomas" : "peer";
}
