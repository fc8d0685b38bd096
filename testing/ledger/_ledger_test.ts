import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { observe } from "../../transports/internal.ts";
import { withCtx } from "../ctx.ts";
import { call, message, openChannel } from "../fixtures/fake_channel.ts";
import { calculator } from "../fixtures/services.ts";
import { describeLeak } from "./_leak.ts";
import { Ledger } from "./_ledger.ts";
import type { ResourceTreeOptions } from "./_resource_tree.ts";

function makeLedger(options: Partial<ResourceTreeOptions> = {}): Ledger {
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
    ledger.event(message(channel, "out", "request", 0, "first"));
    ledger.event(message(channel, "out", "request", 1, "second"));
    ledger.event(message(channel, "in", "result", 0, "answer"));
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
  ledger.event(message(client, "out", "request", 0, "given up"));
  ledger.event(message(client, "out", "request", 1, "pending"));
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
  ledger.event(message(channel, "in", "request", 0, "ignored"));
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

withCtx({
  name: "Ledger lists what RPC has not let go of at its end",
  transports: ["memory"],
}, async (ctx) => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  const server = await ctx.rpc.startServer(calculator);
  const { remote, close } = await ctx.rpc.connect<typeof calculator>();
  await remote.add(1, 2);
  remote.never().catch(() => {});
  await remote.add(1, 2);
  const { channel } = [...server.clients][0]!;
  const name = `channel (${channel.localAddress} to ${channel.remoteAddress})`;
  const isOfServer = (line: string) => line.includes(name);
  assertEquals(ledger.describe().filter(isOfServer).slice(-2), [
    `running methods (1) of ${name} of server (${server.address})`,
    `unanswered requests at ${name}: 1`,
  ]);
  // It ends for the ledger, while the method still runs.
  ledger.closed(channel);
  assertEquals(
    ledger.readAll().map(describeLeak).filter(isOfServer).slice(-2),
    [
      `pending calls (0) and unanswered requests (1) at its end of ${name} of server (${server.address})`,
      `running methods (1) of ${name} of server (${server.address})`,
    ],
  );
  await close();
  await channel.closed;
  const left = ledger.readAll().map(describeLeak);
  assertEquals(left.filter((line) => line.startsWith("running")), []);
});

function stack(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}
