import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { call, openChannel } from "../fixtures/fake_channel.ts";
import { describeLeak } from "./_leak.ts";
import { Ledger, type LedgerOptions } from "./_ledger.ts";

function makeLedger(options: Partial<LedgerOptions> = {}): Ledger {
  return new Ledger({ trace: false, isCurrent: () => true, ...options });
}

Deno.test("Ledger lists what is open, with its owners and what it owns", () => {
  const ledger = makeLedger();
  const [server, listener, timer] = [{}, {}, {}];
  ledger.opened(listener, "listener", () => "here");
  ledger.opened(server, "server", () => "here");
  ledger.owned(listener, server);
  ledger.opened(timer, "timer", () => "of a deadline");
  ledger.owned(timer, server);
  const [leak, ...others] = ledger.readBeforeCleanUp();
  assertEquals(others, []);
  assertEquals(describeLeak(leak!), "server (here), with 1 listener, 1 timer");
  ledger.closed(server);
  assertEquals(ledger.readAll().map(describeLeak), [
    "listener (here) of server (here)",
    "timer (of a deadline) of server (here)",
  ]);
  ledger.closed(listener);
  ledger.closed(timer);
  assertEquals(ledger.readAll(), []);
});

Deno.test("Ledger.readBeforeCleanUp leaves out what is kept, and all that it owns", () => {
  const ledger = makeLedger();
  const [server, task] = [{}, {}];
  ledger.opened(server, "server", () => "here");
  const channel = openChannel(ledger, server);
  ledger.opened(task, "handler", () => "of far");
  ledger.owned(task, channel);
  ledger.keep(server);
  assertEquals(ledger.readBeforeCleanUp(), []);
  assertEquals(ledger.readAll().length, 1);
});

Deno.test("Ledger.readBeforeCleanUp leaves a socket's file to its listener", () => {
  const ledger = makeLedger();
  ledger.opened({}, "file", () => "/socket");
  assertEquals(ledger.readBeforeCleanUp(), []);
  assertEquals(ledger.readAll().map(describeLeak), ["file (/socket)"]);
});

Deno.test("Ledger lists what waits for a clock, and no clock for itself", () => {
  const ledger = makeLedger();
  const [clock, sleep] = [{}, {}];
  ledger.opened(clock, "clock", () => "external clock");
  assertEquals([ledger.readBeforeCleanUp(), ledger.readAll()], [[], []]);
  ledger.opened(sleep, "timer", () => "sleep");
  ledger.owned(sleep, clock);
  for (const leaks of [ledger.readBeforeCleanUp(), ledger.readAll()]) {
    assertEquals(leaks.map(describeLeak), [
      "timer (sleep) of clock (external clock)",
    ]);
  }
  ledger.keep(clock);
  assertEquals(ledger.readBeforeCleanUp(), []);
});

Deno.test("Ledger names the pending calls of clients, not those of servers", () => {
  const ledger = makeLedger();
  const server = {};
  ledger.opened(server, "server", () => "here");
  const [client, serverSide] = [
    openChannel(ledger),
    openChannel(ledger, server),
  ];
  for (const kept of [server, client]) ledger.keep(kept);
  for (const channel of [client, serverSide]) {
    ledger.message(channel, "out", 0, 0, "first");
    ledger.message(channel, "out", 0, 1, "second");
    ledger.message(channel, "in", 1, 0, "answer");
    channel.pendingCalls = 1;
  }
  assertEquals(ledger.readBeforeCleanUp().map(describeLeak), [
    `pending call 1 "second" of channel (near to far)`,
  ]);
});

Deno.test("Ledger names the pending calls of a client that owns its channel", () => {
  const ledger = makeLedger();
  const client = {};
  ledger.opened(client, "client", () => "of far");
  ledger.keep(client);
  call(ledger, openChannel(ledger, client));
  assertEquals(ledger.readBeforeCleanUp().map(describeLeak), [
    `pending call 0 "pending" of channel (near to far) of client (of far)`,
  ]);
});

Deno.test("Ledger.keep takes what the user was handed for what it closes", () => {
  const ledger = makeLedger();
  const [server, handle] = [{}, {}];
  ledger.opened(server, "server", () => "here");
  ledger.handed(handle, server);
  assertEquals(ledger.readBeforeCleanUp().length, 1);
  ledger.keep(handle);
  assertEquals(ledger.readBeforeCleanUp(), []);
});

Deno.test("Ledger counts pending calls that it cannot tell from those given up", () => {
  const ledger = makeLedger();
  const client = openChannel(ledger);
  ledger.keep(client);
  ledger.message(client, "out", 0, 0, "given up");
  ledger.message(client, "out", 0, 1, "pending");
  client.pendingCalls = 1;
  assertEquals(ledger.readBeforeCleanUp().map(describeLeak), [
    "pending calls (1) of channel (near to far)",
  ]);
});

Deno.test("Ledger lists what a channel has not settled at its end", () => {
  const ledger = makeLedger();
  ledger.closed(openChannel(ledger));
  assertEquals(ledger.readAll(), []);
  const client = openChannel(ledger);
  client.unansweredRequests = 2;
  ledger.closed(client);
  assertEquals(ledger.readAll().map(describeLeak), [
    "pending calls (0) and unanswered requests (2) at its end of channel (near to far)",
  ]);
});

Deno.test("Ledger.describe tells of unanswered requests, too", () => {
  const ledger = makeLedger();
  openChannel(ledger).unansweredRequests = 3;
  assertEquals(ledger.describe(), [
    "channel (near to far)",
    "unanswered requests at channel (near to far): 3",
  ]);
});

Deno.test("Ledger ignores what other code opens, but names it as an owner", () => {
  let isCurrent = false;
  const ledger = makeLedger({ isCurrent: () => isCurrent });
  const server = {};
  ledger.opened(server, "server", () => "of another");
  ledger.closed(server);
  const channel = openChannel(ledger, server);
  ledger.message(channel, "in", 0, 0, "ignored");
  assertEquals([ledger.readAll(), ledger.log.draw()], [[], null]);
  isCurrent = true;
  openChannel(ledger, server);
  assertEquals(ledger.readAll().map(describeLeak), [
    "channel (near to far) of something from outside the step",
  ]);
});

Deno.test("Ledger keeps the stack of what was opened and called if asked", () => {
  const ledger = makeLedger({ trace: true });
  const channel = openChannel(ledger);
  call(ledger, channel);
  const [opened, called] = ledger.readBeforeCleanUp();
  assertStringIncludes(opened!.stack!, "openChannel");
  assertStringIncludes(called!.stack!, "at call");
  assert(describeLeak(opened!).includes("\n"));
});
