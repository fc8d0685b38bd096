/** The style of the page. */
export const STYLE = `
:root {
  --paper: #fff; --ink: #1c2430; --soft: #667085; --line: #d5dae1;
  --lane: #98a2b3; --message: #2563c9; --lost: #c2570c; --bad: #c81e1e;
  --panel: #f5f7fa; --pick: #7c3aed;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --ink: #e4e8ee; --soft: #98a2b3; --line: #2d3540;
    --lane: #667085; --message: #74a9ff; --lost: #f59f4c; --bad: #ff6b6b;
    --panel: #1b2129; --pick: #c4a2ff;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 2; padding: 10px 16px;
  background: var(--paper); border-bottom: 1px solid var(--line); }
h1 { display: inline; margin: 0 12px 0 0; font-size: 17px; }
#failure { display: inline; margin: 0; color: var(--bad); font-weight: 600; white-space: pre-line; }
#controls { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-top: 8px; }
#nodes { display: flex; flex-wrap: wrap; gap: 4px; }
.spacer { flex: 1; }
input, button { font: inherit; color: inherit; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; padding: 3px 9px; }
button { cursor: pointer; }
button[aria-pressed="false"] { opacity: .45; text-decoration: line-through; }
main { padding: 0 16px 24px; }
#chart { overflow: hidden; cursor: grab; touch-action: pan-y; user-select: none; outline-offset: -2px; }
#chart.drags { cursor: grabbing; }
svg { display: block; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); }
.tick { stroke: var(--line); }
svg .time, svg .band-label { fill: var(--soft); font-size: 11px; }
.lane line { stroke: var(--lane); stroke-width: 2; }
.lane line.gap { stroke: var(--paper); stroke-width: 4; }
.lane line.dead { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 2 5; }
.name { font-weight: 600; }
.side { fill: var(--paper); }
.band { fill: var(--band); fill-opacity: .18; stroke: var(--band); stroke-opacity: .55; }
.partition { --band: #b4421f; } .hold { --band: #a16207; } .delay { --band: #0e7490; }
.reset { --band: #be185d; } .half-open { --band: #6d28d9; } .crash { --band: #c81e1e; }
.pause { --band: #4d7c0f; } .skew { --band: #1d4ed8; }
.message { color: var(--message); }
.message.lost { color: var(--lost); }
.message .stroke { stroke: currentColor; stroke-width: 1.4; fill: none; }
.message.lost .stroke { stroke-dasharray: 4 3; }
.message .head { fill: currentColor; }
.message .cross { stroke: currentColor; stroke-width: 2; fill: none; }
.message .hit { stroke: transparent; stroke-width: 9; fill: none; }
.message:hover .stroke, .picked .stroke { stroke-width: 3; }
.picked { color: var(--pick); }
.dense .message .stroke { stroke-opacity: .22; stroke-width: 1; }
.dense .message .head { fill-opacity: .35; }
.dense .message.lost .stroke, .dense .picked .stroke { stroke-opacity: 1; }
.label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.mark circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.mark.kind-crash circle, .mark.kind-failure circle { fill: var(--bad); stroke: var(--bad); }
.mark.picked circle { stroke: var(--pick); stroke-width: 3; }
.failure line { stroke: var(--bad); stroke-width: 2; }
.failure text { fill: var(--bad); font-weight: 600; }
#status { color: var(--soft); margin: 6px 0; }
#list { border-collapse: collapse; width: 100%; font-size: 13px; }
#list th { text-align: left; color: var(--soft); font-weight: 500; }
#list td, #list th { padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
#list td:nth-child(-n+2) { white-space: nowrap; font-variant-numeric: tabular-nums; }
#list td:last-child { width: 100%; overflow-wrap: anywhere; }
#list tbody tr { cursor: pointer; }
#list tbody tr:hover { background: var(--panel); }
#list .kind-failure td, #list .kind-crash td { color: var(--bad); }
#list .lost td { color: var(--lost); }
#list tr.picked td { color: var(--pick); font-weight: 600; }
#tip { position: fixed; z-index: 3; max-width: 420px; padding: 5px 9px; pointer-events: none;
  background: var(--ink); color: var(--paper); border-radius: 6px; overflow-wrap: anywhere; }
`;
