import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { ExternalClock } from "../../agent/clock/external_clock.ts";
import { fastForward } from "../../agent/clock/pace.ts";
import { SystemClock } from "../../agent/clock/system_clock.ts";
import { spawnIn } from "../../agent/fixtures/spawning.ts";
import type { CallStarted } from "../../channel/internal.ts";
import type { RpcEvent } from "../../rpc/internal.ts";
import { expose } from "../../rpc/service/expose.ts";
import { observe } from "../../transports/internal.ts";
import { withCtx } from "../ctx.ts";
import {
  call,
  endCall,
  fromOutside,
  message,
  openChannel,
} from "../fixtures/fake_channel.ts";
import { ignoreAll } from "../fixtures/handlers.ts";
import { calculator } from "../fixtures/services.ts";
import { describeLeak, type Leak } from "./_leak.ts";
import { Ledger, type LedgerOptions } from "./_ledger.ts";

class Echo extends Agent {
  @expose
  echo(word: string): string {
    return word;
  }
}

/** Returns the lines of the last messages, without columns of spaces. */
function messagesOf(ledger: Ledger): string[] {
  return ledger.log.draw()!.split("\n").slice(1)
    .map((line) => line.replaceAll(/ +/g, " "));
}

/** Describes a leak without the line that made it. */
function describe(leak: Leak): string {
  return describeLeak({ ...leak, stack: null });
}

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
  assertEquals(describe(leak!), "server (here), with 1 listener, 1 timer");
  ledger.closed(server);
  assertEquals(ledger.readAll().map(describe), [
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
  assertEquals(ledger.readAll().map(describe), ["file (/socket)"]);
});

Deno.test("Ledger lists what waits for a clock, and no clock for itself", () => {
  const ledger = makeLedger();
  const [clock, sleep] = [{}, {}];
  ledger.opened(clock, "clock", () => "external clock");
  assertEquals([ledger.readBeforeCleanUp(), ledger.readAll()], [[], []]);
  ledger.opened(sleep, "timer", () => "sleep");
  ledger.owned(sleep, clock);
  for (const leaks of [ledger.readBeforeCleanUp(), ledger.readAll()]) {
    assertEquals(leaks.map(describe), [
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
    const first = call(ledger, channel, 0, "first");
    call(ledger, channel, 1, "second");
    endCall(ledger, first);
  }
  assertEquals(ledger.readBeforeCleanUp().map(describe), [
    `pending call 1 "second" of channel (near to far)`,
  ]);
});

Deno.test("Ledger names the pending calls of a client that owns its channel", () => {
  const ledger = makeLedger();
  const client = {};
  ledger.opened(client, "client", () => "of far");
  ledger.keep(client);
  call(ledger, openChannel(ledger, client));
  assertEquals(ledger.readBeforeCleanUp().map(describe), [
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

withCtx({
  name: "Ledger tells the pending calls of a channel from those given up",
  transports: ["memory"],
}, async (ctx) => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  const channel = await ctx.startServerAndConnect(ignoreAll);
  ledger.keep(channel);
  const controller = new AbortController();
  const givenUp = channel.send("given up", controller);
  const late = channel.send("late", { timeoutMs: 0 });
  const pending = channel.send("pending");
  controller.abort();
  await Promise.allSettled([givenUp, late]);
  const leaks = ledger.readBeforeCleanUp().map(describe);
  assertEquals(leaks.filter((leak) => leak.startsWith("pending call")), [
    `pending call 2 "pending" of channel (${channel.localAddress} to ${channel.remoteAddress})`,
  ]);
  await channel.close({ graceMs: 0 });
  await pending.catch(() => {});
});

withCtx({
  name: "Ledger names a call past RPC on the channel of an RPC client",
  transports: ["memory"],
}, async (ctx) => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  const { channel, remote } = await ctx.rpc.startServerAndConnect(calculator);
  await remote.add(1, 2);
  const pending = channel.send(["never", [], {}]);
  const named = (leak: string) => leak.startsWith("pending call");
  const leaks = ledger.readBeforeCleanUp().map(describe).filter(named);
  assertEquals(leaks.length, 1);
  assertStringIncludes(leaks[0]!, `[ "never", [], {} ] of channel`);
  await channel.close({ graceMs: 0 });
  await pending.catch(() => {});
  assertEquals(
    ledger.readBeforeCleanUp().map(describe).filter(named),
    [],
  );
});

withCtx({
  name: "Ledger logs a message between containers once, with their addresses",
  transports: ["tcp", "unix", "memory", "tls", "ws"],
}, async (ctx) => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  const [there, here] = [
    await ctx.createContainer(),
    await ctx.createContainer(),
  ];
  const { address } = await there.spawn(Echo);
  for (const from of [here, there]) {
    const echo = await from.connect<Echo>(address);
    const word = `from ${from === here ? "here" : "there"}`;
    await echo.echo(word);
    const own = `${from.address} ──▶ ${there.address} request`;
    const back = `${from.address} ◀── ${there.address} result`;
    assertEquals(messagesOf(ledger).filter((line) => line.includes(word)), [
      `${own} 2 [ "agents/0/echo", [ "${word}" ], {} ]`,
      `${back} 2 "${word}"`,
    ]);
  }
});

withCtx({
  name: "Ledger does not log messages to a Worker as lost",
  transports: ["tcp"],
}, async (ctx) => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  const parent = await ctx.createContainer();
  const { address } = await spawnIn(ctx, parent, "worker");
  const lines = messagesOf(ledger);
  assert(lines.some((line) => line.includes("client ◀── ")), lines.join("\n"));
  const sent = `${parent.address} ──▶ ${address} request`;
  assert(lines.some((line) => line.startsWith(sent)), lines.join("\n"));
  assertEquals(lines.filter((line) => line.includes("not received")), []);
});

Deno.test("Ledger lists what a channel has not settled at its end", () => {
  const ledger = makeLedger();
  ledger.closed(openChannel(ledger));
  assertEquals(ledger.readAll(), []);
  const client = openChannel(ledger);
  client.unansweredRequests = 2;
  ledger.closed(client);
  assertEquals(ledger.readAll().map(describe), [
    "pending calls (0) and unanswered requests (2) at its end of channel (near to far)",
  ]);
});

Deno.test("Ledger.describeWaits tells of unanswered requests, too", () => {
  const ledger = makeLedger();
  openChannel(ledger).unansweredRequests = 3;
  assertMatch(ledger.describeOpen().join(), /^channel \(near to far\)\n/);
  assertEquals(ledger.describeWaits(), [
    "unanswered requests at channel (near to far): 3",
  ]);
});

Deno.test("Ledger.describeWaits tells how to run a clock that nothing runs", async () => {
  const ledger = makeLedger();
  using _ = stack(observe(ledger));
  using clock = new ExternalClock("2024-01-01");
  using system = new SystemClock();
  using _call = system.callIn(3_600, () => {});
  const slept = clock.sleep(10);
  const [ofSystem, line] = ledger.describeWaits();
  const remedy = "(run the clock with 'ctx.fastForward', or";
  assert(line!.startsWith(`timer (sleep until 10 s) ${remedy}`), line);
  assertMatch(ofSystem!, /^timer \(call at [\d.]+ s\) of clock \(system /);

  const { promise, resolve } = Promise.withResolvers<void>();
  const running = fastForward(clock, { settle: () => promise, until: 10 });
  assertEquals(
    ledger.describeWaits().filter((line) => line.includes(remedy)),
    [],
  );
  resolve();
  await running;
  await slept;
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
  assertEquals(ledger.readAll().map(describe), [
    "channel (near to far) of something from outside the step",
  ]);
});

Deno.test("Ledger keeps the whole stack of what was opened and called if asked", () => {
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
  const client = await ctx.rpc.connect<typeof calculator>();
  await client.remote.add(1, 2);
  client.remote.never().catch(() => {});
  await client.remote.add(1, 2);
  const { channel } = [...server.clients][0]!;
  const name = `channel (${channel.localAddress} to ${channel.remoteAddress})`;
  const isOfServer = (line: string) => line.includes(name);
  assertEquals(ledger.describeWaits().filter(isOfServer).slice(-2), [
    `running method 'never' (let it end when 'call().signal' aborts) of ${name} of server (${server.address})`,
    `unanswered requests at ${name}: 1`,
  ]);
  // To the ledger the channel has ended, while the method still runs.
  ledger.closed(channel);
  assertEquals(
    ledger.readAll().map(describe).filter(isOfServer).slice(-2),
    [
      `pending calls (0) and unanswered requests (1) at its end of ${name} of server (${server.address})`,
      `running method 'never' (let it end when 'call().signal' aborts) of ${name} of server (${server.address})`,
    ],
  );
  await client.close();
  await channel.closed;
  const left = ledger.readAll().map(describe);
  assertEquals(left.filter((line) => line.startsWith("running")), []);
});

Deno.test("Ledger keeps a method that outlives its call until it is done", () => {
  const log = makeLog();
  const [quick, slow] = [
    log.start("quick", "served"),
    log.start("slow", "served"),
  ];
  const stream = log.stream("produced", slow);
  for (const subject of [quick, slow, stream]) {
    log.end(subject);
    if (subject !== quick) log.emit({ type: "work-left", subject });
  }
  assertEquals(log.served(), [
    "running method 'slow' (let it end when 'call().signal' aborts)",
    "running producer of 'slow' (let it end when 'call().signal' aborts)",
  ]);
  for (const subject of [slow, stream]) {
    log.emit({ type: "work-done", subject });
  }
  assertEquals(log.served(), []);
});

Deno.test("Ledger keeps a reference that was collected, and not one passed on", () => {
  const log = makeLog();
  const [collected, passedOn] = [log.keep(null), log.keep(null)];
  log.emit({ type: "ended", subject: passedOn });
  for (const subject of [collected, passedOn]) {
    log.emit({ type: "reference-forgotten", subject });
    log.emit({ type: "ended", subject });
  }
  assertEquals(log.own().length, 1);
});

Deno.test("Ledger.emptied resolves once nothing is left", async () => {
  const ledger = makeLedger();
  await ledger.emptied();
  const later = makeLedger();
  const [task, timer] = [{}, {}];
  later.opened(task, "task", () => "work");
  later.opened(timer, "timer", () => "of the test");
  let isEmpty = false;
  const emptied = later.emptied().then(() => void (isEmpty = true));
  later.closed(timer);
  await Promise.resolve();
  assertEquals(isEmpty, false);
  later.closed(task);
  await emptied;
});

/** A ledger with the events of one RPC channel. */
function makeLog({ trace = false } = {}) {
  const ledger = makeLedger({ trace });
  const channel = openChannel(ledger);
  ledger.keep(channel);
  const emit = (event: RpcEvent | CallStarted) => ledger.event(event);
  let id = 0;
  return {
    own: () => ledger.readBeforeCleanUp().map(({ what }) => what),
    stacks: () => ledger.readBeforeCleanUp().map(({ stack }) => stack),
    served: () =>
      ledger.describeWaits().flatMap((line) =>
        line.startsWith("channel")
          ? []
          : line.split(" of channel")[0]!.split(", ")
      ),
    emit,
    start(path: string, side: "made" | "served" = "made") {
      const call = {};
      const args = ["arg"];
      const type = "call-started";
      emit({ type, subject: call, side, channel, id: id++, path, args });
      return call;
    },
    end: (call: object) => endCall(ledger, call),
    stream(
      side: "consumed" | "produced" = "consumed",
      call: object | null = null,
    ) {
      const stream = {};
      emit({ type: "stream-opened", subject: stream, side, channel, call });
      return stream;
    },
    keep(call: object | null, holder: "local" | "peer" = "local") {
      const reference = {};
      emit({
        type: "reference-kept",
        subject: reference,
        holder,
        isReturned: false,
        channel,
        call,
      });
      return reference;
    },
  };
}

Deno.test("Ledger names the calls of RPC until they end", () => {
  const { end, own, start } = makeLog();
  start("other");
  const call = start("work");
  assertEquals(own()[1], `pending call 1 of 'work' [ "arg" ]`);
  end(call);
  assertEquals(own().length, 1);
});

Deno.test("Ledger names the methods and producers for the other side, and counts references", () => {
  const log = makeLog();
  const call = log.start("one", "served");
  log.stream("produced", log.start("two", "served"));
  const reference = log.keep(null, "peer");
  assertEquals(log.own(), []);
  assertEquals(log.served(), [
    "running method 'one' (let it end when 'call().signal' aborts)",
    "running method 'two' (let it end when 'call().signal' aborts)",
    "running producer of 'two' (let it end when 'call().signal' aborts)",
    "references given to the other side (1)",
  ]);
  log.end(call);
  log.emit({ type: "ended", subject: reference });
  assertEquals(log.served(), [
    "running method 'two' (let it end when 'call().signal' aborts)",
    "running producer of 'two' (let it end when 'call().signal' aborts)",
  ]);
});

Deno.test("Ledger names a stream by the call that asked for it, with its stack", () => {
  const log = makeLog({ trace: true });
  const call = fromOutside(() => log.start("ticks"));
  log.start("another");
  const stream = log.stream("consumed", call);
  log.end(call);
  assertMatch(log.own()[1]!, /^open stream from 'ticks' \(read it/);
  assertStringIncludes(log.stacks()[1]!, "fromOutside");
  log.emit({ type: "ended", subject: stream });
  assertEquals(log.own().length, 1);
});

Deno.test("Ledger names a stream that came with no result", () => {
  const log = makeLog();
  log.stream();
  assertMatch(log.own()[0]!, /^open stream from the other side \(/);
});

Deno.test("Ledger names kept references by how they came, until they are released", () => {
  const log = makeLog();
  const kept = ["subscribe", "$/ref/0", "$/ref/0/tell"].map((path) =>
    log.keep(log.start(path, "served"))
  );
  kept.push(log.keep(null));
  assertEquals(log.own().map((what) => what.slice(0, what.indexOf(" ("))), [
    "kept reference passed to 'subscribe'",
    "kept reference passed to a function",
    "kept reference passed to 'tell'",
    "kept reference from the other side",
  ]);
  for (const reference of kept) {
    log.emit({ type: "ended", subject: reference });
  }
  assertEquals(log.own(), []);
  log.emit({ type: "ended", subject: kept[0]! });
});

Deno.test("Ledger escapes names that the other side chose", () => {
  const log = makeLog();
  const name = "\u001b[2Jwork\nok";
  log.stream("consumed", log.start(name));
  log.keep(log.start(`$/ref/1/${name}`, "served"));
  assertEquals(log.own().length, 3);
  for (const what of log.own()) {
    assertEquals(/\p{Cc}/u.test(what), false, what);
    assertMatch(what, /\\u\{1b\}\[2Jwork\\nok/);
  }
});

function stack(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}
