import { assertEquals, assertThrows } from "@std/assert";
import { checkOrigins, isAllowed, type Origins } from "./origin.ts";

const APP = ["https://app.example"];
const SUBDOMAINS = ["https://*.app.example"];

const CASES: readonly [
  origin: string | null,
  host: string | null,
  origins: Origins,
  isAllowed: boolean,
][] = [
  // The same origin: the page's host and port equal those of the server.
  ["https://app.example", "app.example", "same", true],
  ["https://app.example", "app.example:443", "same", true],
  ["http://app.example", "app.example:80", "same", true],
  ["http://localhost:8000", "localhost:8000", "same", true],
  ["http://[::1]:8000", "[::1]:8000", "same", true],
  ["https://APP.example", "app.EXAMPLE", "same", true],
  ["https://app.example:8443", "app.example", "same", false],
  ["http://localhost:8000", "127.0.0.1:8000", "same", false],
  ["https://evil.example", "app.example", "same", false],
  ["https://app.example.evil.example", "app.example", "same", false],
  ["https://app.example", "app.example/@evil.example", "same", false],
  ["https://evil.example", "app.example@evil.example", "same", false],
  ["https://app.example", null, "same", false],
  // A client that is not a page, and pages without their own origin.
  [null, "app.example", "same", true],
  [null, "app.example", APP, true],
  ["null", "app.example", "same", false],
  ["null", "app.example", APP, false],
  ["not an origin", "app.example", "same", false],
  ["", "app.example", "same", false],
  // A list: the host of the request does not matter.
  ["https://app.example", "rpc.example", APP, true],
  ["http://app.example", "rpc.example", APP, false],
  ["https://rpc.example", "rpc.example", APP, false],
  ["https://app.example:444", "rpc.example", APP, false],
  ["https://a.app.example", "rpc.example", SUBDOMAINS, true],
  ["https://a.b.app.example", "rpc.example", SUBDOMAINS, true],
  ["https://app.example", "rpc.example", SUBDOMAINS, false],
  ["https://evilapp.example", "rpc.example", SUBDOMAINS, false],
  ["https://a.app.example.evil.example", "x", SUBDOMAINS, false],
  ["https://evil.example", "rpc.example", [], false],
  ["https://evil.example", "rpc.example", "any", true],
];

for (const [origin, host, origins, expected] of CASES) {
  const name = `isAllowed ${expected ? "takes" : "refuses"} ${
    JSON.stringify(origin)
  } at ${JSON.stringify(host)} with ${JSON.stringify(origins)}`;
  Deno.test(name, () => {
    checkOrigins(origins);
    assertEquals(isAllowed(origin, host, origins), expected);
  });
}

Deno.test("checkOrigins refuses what is no origin", () => {
  const wrong = [
    ["app.example"],
    ["https://app.example/"],
    ["https://app.example/chat"],
    ["https://*"],
    ["*"],
    ["https://app.*.example"],
    [""],
    "https://app.example",
  ];
  for (const origins of wrong) {
    assertThrows(() => checkOrigins(origins as Origins), TypeError);
  }
});
