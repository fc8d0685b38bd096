import { assertEquals } from "@std/assert";
import {
  MESSAGE_KINDS,
  type MessageDirection,
} from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { drawChart, MessageLog, shorten } from "./_message_log.ts";

function pair(client: string, server: string): [Channel, Channel] {
  return [
    { localAddress: client, remoteAddress: server } as Channel,
    { localAddress: server, remoteAddress: client } as Channel,
  ];
}

/** A log of messages of which each arrives in the step. */
function makeLog(reaches = () => true): MessageLog {
  return new MessageLog({ reaches });
}

/** Adds a message, using its number on the wire as its kind. */
function add(
  log: MessageLog,
  channel: Channel,
  isServer: boolean,
  direction: MessageDirection,
  type: number,
  id: number,
  content: unknown,
  container: string | null = null,
): void {
  const kind = MESSAGE_KINDS[type]!;
  log.add({ type: "message", channel, direction, kind, id, content }, {
    isServer,
    container,
  });
}

Deno.test("MessageLog shows a message once although both ends report it", () => {
  const log = makeLog();
  const [near, far] = pair("c", "s");
  add(log, near, false, "out", 0, 0, "ohai");
  add(log, far, true, "in", 0, 0, "ohai");
  add(log, far, true, "out", 1, 0, "cya");
  assertEquals(
    log.draw(),
    `The last messages (2):
client ──▶ server request  0 "ohai"
client ◀── server result   0 "cya"  (not received)`,
  );
});

Deno.test("MessageLog keeps apart the clients of a Unix socket, which share an address", () => {
  const log = makeLog();
  const pairs = [pair("s#client", "s"), pair("s#client", "s")];
  for (const [near] of pairs) add(log, near, false, "out", 0, 0, "hi");
  for (const [, far] of pairs) add(log, far, true, "in", 0, 0, "hi");
  assertEquals(
    log.draw(),
    `The last messages (2):
client 1 ──▶ server request  0 "hi"
client 2 ──▶ server request  0 "hi"`,
  );
});

Deno.test("MessageLog keeps the last thirty and says how many there were", () => {
  const log = makeLog();
  const [near] = pair("c", "s");
  assertEquals(log.draw(), null);
  for (let id = 0; id < 40; id++) add(log, near, false, "out", 0, id, id);
  const [title, first, ...rest] = log.draw()!.split("\n");
  assertEquals(title, "The last messages (30 of 40):");
  assertEquals(first?.includes(" 10 10"), true);
  assertEquals(rest.length, 29);
});

Deno.test("MessageLog shows what comes from outside the step", () => {
  const log = makeLog();
  const [, far] = pair("c", "s");
  add(log, far, true, "in", 0, 7, "from elsewhere");
  assertEquals(
    log.draw(),
    `The last messages (1):\nclient ──▶ server request  7 "from elsewhere"`,
  );
});

Deno.test("MessageLog does not mark messages to other processes, of which it does not hear", () => {
  const log = makeLog(() => false);
  const [near, far] = pair("c", "s");
  add(log, near, false, "out", 0, 0, "to elsewhere");
  add(log, far, true, "out", 1, 1, "back");
  assertEquals(
    log.draw(),
    `The last messages (2):
client ──▶ server request  0 "to elsewhere"
client ◀── server result   1 "back"`,
  );
});

Deno.test("MessageLog names containers by their addresses", () => {
  const log = makeLog();
  const [near, far] = pair("local://b#1", "local://b");
  add(log, near, false, "out", 0, 0, "hi", "local://a");
  add(log, far, true, "in", 0, 0, "hi", "local://b");
  const [own] = pair("tcp://127.0.0.1:2", "tcp://127.0.0.1:1");
  add(log, own, false, "out", 0, 1, "to a process", "local://a");
  const [client] = pair("local://b#2", "local://b");
  add(log, client, false, "out", 0, 2, "from a client");
  assertEquals(
    log.draw(),
    `The last messages (3):
local://a ──▶ local://b         request  0 "hi"
local://a ──▶ tcp://127.0.0.1:1 request  1 "to a process"  (not received)
client    ──▶ local://b         request  2 "from a client"  (not received)`,
  );
});

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
