import type { MessageEvent } from "../../channel/internal.ts";
import { printable } from "../../transports/printable.ts";

/** A message in a chart, which has the client left and the server right. */
export interface ChartMessage {
  /** Any text that is the same for all messages of one client. */
  readonly client: string;
  /** Any text that is the same for all messages of one server. */
  readonly server: string;
  readonly toServer: boolean;
  readonly kind: MessageEvent["kind"];
  readonly id: number;
  readonly content: unknown;
  /** Whether it has arrived. */
  received: boolean;
}

const MAX_CONTENT = 60;

/**
 * Draws messages as a sequence chart in text, a line each. Clients and servers
 * are numbered where there are several.
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
    message,
  }));
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map(({ route }) => route[column]!.length))
  );
  return rows.map(({ route, message }) =>
    [
      ...route.map((text, column) => text.padEnd(widths[column]!)),
      message.kind.padEnd(7),
      String(message.id).padStart(2),
      shorten(message.content) + (message.received ? "" : "  (not received)"),
    ].join(" ")
  ).join("\n");
}

/** Returns a value as one short line, safe to print in a terminal. */
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
