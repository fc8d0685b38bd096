import { assertEquals } from "@std/assert";
import { drawChart, shorten } from "./_sequence_chart.ts";

Deno.test("drawChart shows who sent what to whom, in order", () => {
  const pair = { client: "a", server: "s", id: 0, received: true };
  assertEquals(
    drawChart([
      { ...pair, toServer: true, kind: "request" as const, content: "ohai" },
      {
        ...pair,
        toServer: false,
        kind: "result" as const,
        content: { answer: 42 },
      },
      {
        ...pair,
        toServer: false,
        kind: "request" as const,
        content: [1],
        received: false,
      },
      {
        ...pair,
        toServer: true,
        kind: "failure" as const,
        content: "Error: no",
        id: 10,
      },
    ]),
    `client ──▶ server request  0 "ohai"
client ◀── server result   0 { answer: 42 }
client ◀── server request  0 [ 1 ]  (not received)
client ──▶ server failure 10 "Error: no"`,
  );
});

Deno.test("drawChart numbers clients and servers where there are several", () => {
  const message = {
    toServer: true,
    kind: "request" as const,
    id: 0,
    content: 1,
    received: true,
  };
  assertEquals(
    drawChart([
      { ...message, client: "x", server: "s" },
      { ...message, client: "y", server: "t" },
      { ...message, client: "x", server: "t" },
    ]),
    `client 1 ──▶ server 1 request  0 1
client 2 ──▶ server 2 request  0 1
client 1 ──▶ server 2 request  0 1`,
  );
});

Deno.test("shorten makes one short line of anything", () => {
  assertEquals(shorten("x".repeat(1000)).length <= 100, true);
  const large = {
    text: "a\nb",
    list: Array.from({ length: 1000 }, (_, i) => i),
  };
  assertEquals(shorten(large).includes("\n"), false);
  assertEquals(shorten(large).endsWith("…"), true);
  assertEquals(shorten(undefined), "undefined");
});

Deno.test("shorten escapes what a terminal would obey, and cuts whole characters", () => {
  const hostile = "a\u001b[2J\n\u202eb\u2028";
  for (const content of [hostile, { [hostile]: [hostile] }, [[hostile]]]) {
    const text = shorten(content);
    assertEquals(/[\p{C}\p{Zl}\p{Zp}]/u.test(text), false, text);
    assertEquals(text.includes("202e"), true, text);
  }
  for (let before = 50; before < 70; before++) {
    assertEquals(shorten("x".repeat(before) + "😀").isWellFormed(), true);
  }
});
