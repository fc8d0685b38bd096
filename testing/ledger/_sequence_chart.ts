import { printable } from "../../transports/printable.ts";

/** A message as it stands in a chart: the client left, the server right. */
export interface ChartMessage {
  /** Which client; any text that is the same for all its messages. */
  readonly client: string;
  /** Which server, likewise. */
  readonly server: string;
  /** Which way it went. */
  readonly toServer: boolean;
  /** 0 request, 1 result, 2 failure. */
  readonly type: number;
  readonly id: number;
  readonly content: unknown;
  /** Whether the side that it went to has got it. */
  received: boolean;
}

const TYPES = ["request", "result", "failure"];
const MAX_CONTENT = 60;

/**
 * Draws messages as a sequence chart in text, a line each. Names of clients
 * and servers are short, and numbered where there are several.
 */
export function drawChart(messages: readonly ChartMessage[]): string {
  const clients = nameAll("client", messages.map(({ client }) => client));
  const servers = nameAll("server", messages.map(({ server }) => server));
  const rows = messages.map((message) => ({
    route: [
      clients.get(message.client)!,
      message.toServer ? "──▶" : "◀──",
      servers.get(message.server)!,
    ],
    what: `${TYPES[message.type] ?? message.type}`,
    message,
  }));
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map(({ route }) => route[column]!.length))
  );
  return rows.map(({ route, what, message }) =>
    [
      ...route.map((text, column) => text.padEnd(widths[column]!)),
      what.padEnd(7),
      String(message.id).padStart(2),
      shorten(message.content) + (message.received ? "" : "  (not received)"),
    ].join(" ")
  ).join("\n");
}

/** A content in one short line, safe to show in a terminal. */
export function shorten(content: unknown): string {
  const text = Deno.inspect(content, {
    breakLength: Infinity,
    compact: true,
    depth: 3,
    iterableLimit: 10,
    strAbbreviateSize: MAX_CONTENT,
  }).replaceAll("\n", " ");
  return printable(text, MAX_CONTENT);
}

function nameAll(
  role: string,
  keys: readonly string[],
): ReadonlyMap<string, string> {
  const unique = [...new Set(keys)];
  return new Map(unique.map((key, index) => [
    key,
    unique.length === 1 ? role : `${role} ${index + 1}`,
  ]));
}
