import type { SimulationTrace } from "../trace/trace.ts";
import { SCRIPT } from "./_script.ts";
import { STYLE } from "./_style.ts";
import { timelineOf } from "./_timeline.ts";

/**
 * Returns a page that shows a run: nodes as lanes, messages as arrows, faults
 * as bands, crashes as gaps, and the failure as a line through all lanes. The
 * page is self-contained, so it can be opened from disk or sent to others.
 */
export function drawTimeline(trace: SimulationTrace): string {
  const timeline = timelineOf(trace);
  const failure = timeline.marks.find(({ kind }) => kind === "failure");
  const title = `Seed ${timeline.seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p id="failure">${escapeHtml(failure?.text ?? "No property was violated")}</p>
<div id="controls">
<input id="text" type="search" placeholder="Filter by text" aria-label="Filter by text">
<span id="nodes" role="group" aria-label="Nodes"></span>
<span class="spacer"></span>
<button id="in" title="Zoom in (+)">+</button>
<button id="out" title="Zoom out (-)">−</button>
<button id="all" title="Whole run (0)">Whole run</button>
<button id="jump" title="Go to the failure (f)"${
    failure === undefined ? " hidden" : ""
  }>Failure</button>
</div>
</header>
<main>
<div id="chart" tabindex="0" aria-label="Timeline"></div>
<p id="status" role="status"></p>
<table id="list"><thead><tr><th>Time</th><th>Where</th><th>What</th></tr></thead><tbody></tbody></table>
</main>
<div id="tip" hidden></div>
<script id="data" type="application/json">${scriptJson(timeline)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Returns JSON that cannot close the script element that contains it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
