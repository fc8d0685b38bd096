import type { Transport } from "./_arena.ts";
import { type Bar, drawBars, type Kind } from "./_chart.ts";
import type { Figure } from "./_figures.ts";

/** A picture for the guide. */
export interface Picture {
  /** Its file, beside the guide. */
  readonly file: string;
  /** What it shows, for those who do not see it. */
  readonly title: string;
  readonly svg: string;
}

const LIMITS = ["raw", "bare", "codec"];
const LAYERS = ["channel", "rpc", "agent"];

/** What of a figure is a bar's length. */
type Length = (figure: Figure) => Pick<Bar, "value" | "lower" | "upper"> | null;

const RATE: Length = ({ rate }) => ({ ...rate, value: rate.median });
const MEDIAN_US: Length = ({ us: [median] }) =>
  median == null ? null : { value: median, lower: median, upper: median };

/** Draws what the figures tell at a glance. */
export function drawFigures(figures: readonly Figure[]): Picture[] {
  const over = (transport: Transport) => (workload: string) =>
    figures.filter((it) =>
      it.workload === workload && it.variant.transport === transport
    );
  const tcp = over("tcp");
  return [
    picture("performance_calls.svg", "Calls, 64 in flight over TCP", {
      unit: "calls/s, more is better",
      figures: tcp("64 in flight"),
      length: RATE,
    }),
    picture("performance_round_trip.svg", "One call after another over TCP", {
      unit: "µs for a call in the median, less is better",
      figures: tcp("sequential"),
      length: MEDIAN_US,
      isLessBetter: true,
    }),
    picture("performance_payload.svg", "1 MiB there and back over TCP", {
      unit: "MiB/s each way, more is better",
      figures: tcp("1 MiB echo"),
      length: RATE,
    }),
    picture("performance_stream.svg", "Streams over TCP", {
      unit: "items/s, more is better",
      figures: tcp("stream"),
      length: RATE,
    }),
    picture("performance_transports.svg", "Calls, 64 in flight", {
      unit: "calls/s, more is better",
      figures: figures.filter(({ workload, variant }) =>
        workload === "64 in flight" && kindOf(variant.subject) !== "peer"
      ),
      length: RATE,
      isTransportShown: true,
    }),
  ].flatMap((it) => it ?? []);
}

interface PictureOptions {
  readonly unit: string;
  readonly figures: readonly Figure[];
  readonly length: Length;
  readonly isLessBetter?: boolean;
  readonly isTransportShown?: boolean;
}

/** `null` if there is nothing to draw. */
function picture(
  file: string,
  title: string,
  { unit, figures, length, isLessBetter, isTransportShown }: PictureOptions,
): Picture | null {
  const bars = figures.flatMap((figure): Bar[] => {
    const { subject, transport } = figure.variant;
    const lengths = length(figure);
    return lengths === null ? [] : [{
      label: isTransportShown ? `${subject}, ${transport}` : subject,
      kind: kindOf(subject),
      ...lengths,
    }];
  }).toSorted((a, b) => (b.value - a.value) * (isLessBetter ? -1 : 1));
  if (bars.length === 0) return null;
  return { file, title, svg: drawBars({ title, unit, bars }) };
}

function kindOf(subject: string): Kind {
  const [layer = ""] = subject.split("-");
  if (LIMITS.includes(layer)) return "limit";
  return LAYERS.includes(layer) ? "denomas" : "peer";
}
