import { assertEquals, assertThrows } from "@std/assert";
import { ServerParser } from "./_server_parser.ts";

/** Feeds `text` in pieces. Returns the parsed items, one line each. */
function parse(text: string | Uint8Array, pieceBytes = Infinity): string[] {
  const seen: string[] = [];
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const parser = new ServerParser({
    info: (json) => void seen.push(`info ${json.trim()}`),
    message: (id, data, reply) =>
      void seen.push(`message ${id} '${decode(data)}' '${decode(reply)}'`),
    nobody: (id) => void seen.push(`nobody ${id}`),
    tooLong: (id) => void seen.push(`too long ${id}`),
    ping: () => void seen.push("ping"),
    pong: () => void seen.push("pong"),
    error: (text) => void seen.push(`error ${text}`),
  });
  let rest = typeof text === "string" ? new TextEncoder().encode(text) : text;
  while (rest.length > 0) {
    const space = parser.space();
    const piece = rest.subarray(0, Math.min(pieceBytes, space.length));
    space.set(piece);
    parser.filled(piece.length);
    rest = rest.subarray(piece.length);
  }
  return seen;
}

const ALL = [
  'INFO {"version":"2.15.1"}',
  "PING",
  "MSG a.b 7 5",
  "he\r\no",
  "MSG a.b 7 _INBOX.x 0",
  "",
  "+OK",
  "HMSG _INBOX.x 12 16 16",
  "NATS/1.0 503\r\n\r\n",
  "HMSG _INBOX.x 12 _INBOX.y 20 23",
  "NATS/1.0\r\nkey: 1\r\n\r\nabc",
  "-ERR 'Permissions Violation for Publish to \"a\"'",
  "PONG",
  "",
].join("\r\n");

const SEEN = [
  'info {"version":"2.15.1"}',
  "ping",
  "message 7 'he\r\no' ''",
  "message 7 '' '_INBOX.x'",
  "nobody 12",
  "message 12 'abc' '_INBOX.y'",
  "error 'Permissions Violation for Publish to \"a\"'",
  "pong",
];

Deno.test("ServerParser reads what a NATS server sends, however it is cut", () => {
  for (const pieceBytes of [1, 2, 3, 7, 50, Infinity]) {
    assertEquals(parse(ALL, pieceBytes), SEEN, `pieces of ${pieceBytes}`);
  }
});

Deno.test("ServerParser goes on after a message that is too long, which it does not hold", () => {
  const long = new Uint8Array(1_000_000).fill(65);
  const encoder = new TextEncoder();
  const text = Uint8Array.from([
    ...encoder.encode("MSG a 3 1000000\r\n"),
    ...long,
    ...encoder.encode("\r\nPING\r\n"),
  ]);
  for (const pieceBytes of [1_000, Infinity]) {
    assertEquals(parse(text, pieceBytes), ["too long 3", "ping"]);
  }
});

Deno.test("ServerParser refuses what no NATS server sends", () => {
  for (
    const text of [
      "HTTP/1.1 400 Bad Request\r\n",
      "MSG a\r\n",
      "MSG a x 5\r\nhello\r\n",
      "MSG a 1 five\r\nhello\r\n",
      "MSG a 1 99999999999999\r\n",
      "MSG a 1 r s 5\r\nhello\r\n",
      "HMSG a 1 9 5\r\nhello\r\n",
      "x".repeat(40_000),
    ]
  ) assertThrows(() => parse(text), Error, "it sends");
});
