import { CALLED_NAMES } from "../../../channel/codecs/fixtures/called_names.ts";

/** Texts that a terminal, a log, a path or a name must not be fooled by. */
export const TEXTS: readonly string[] = [
  "",
  "plain",
  "grüße 🎈",
  "line\nFORGED [error] another line",
  "\r\x1b[2K\x1b[31mred\x1b[0m",
  "\u0000\u0007\u009b31m",
  "\u2028\u2029\u202e",
  "\ud83d",
  "\udc00\ud800",
  "a".repeat(39) + "\ud83c\udf88",
  "x".repeat(2_000),
  "🎈".repeat(600),
  "Traceback (most recent call last):\n  File \"a\"\nKeyError: \x1b[1m'k'\n",
  "Error: \ud800".padEnd(1_100, "\ud83d"),
  "RemoteError:" + " ".repeat(300),
];

/** Keys that must stay data. */
export const KEYS: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "toJSON",
  "valueOf",
  "length",
  "size",
  "0",
  "",
  "\\",
  "\n",
  '"',
  "ü",
  "$$typeof",
  "asymmetricMatch",
  "amount",
  "items",
  "done",
];

/** Names of agents, classes and hosts. */
export const NAMES: readonly string[] = [
  "../../etc/passwd",
  "..",
  "a//b",
  "%2e%2e%2f",
  "bank/open",
  "$/hello",
  "__proto__",
  "constructor",
  "toString",
  " ",
  "",
  "A".repeat(1_025),
  "B\x1b[31m",
  "C\nFORGED",
  "\ud800",
  "<script>",
  "then",
];

/** Addresses that nobody should dial because a peer said so. */
export const ADDRESSES: readonly string[] = [
  "tcp://127.0.0.1:1/0",
  "tcp://127.0.0.1:0/0",
  "tcp://127.0.0.1:1/../vault",
  "tcp://[::1]:1/a",
  "tcp://169.254.169.254:80/latest",
  "ipc://[/tmp/nobody-listens-here.sock]/0",
  "ipc://[/]/0",
  "local://nobody/0",
  "local://nobody/vault/open",
  "tcp://127.0.0.1:1/\x1b[31m",
  "http://example.org/",
  "tcp://user@127.0.0.1:1/0",
  "",
];

/** Names that the language, consoles and tests look up in any object. */
export const LANGUAGE_NAMES: ReadonlySet<string> = new Set([
  ...CALLED_NAMES,
  "inspect",
  "apply",
  "bind",
]);
