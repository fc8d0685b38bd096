import { assertEquals } from "@std/assert";
import { isNear } from "./_near.ts";

Deno.test("isNear is the caller's host, or this machine for who is on it", () => {
  const tcp = "tcp://10.0.0.1:5555";
  for (
    const [agent, caller, own, expected] of [
      // Callers on another machine.
      ["tcp://10.0.0.2:1/0", "tcp://10.0.0.2:9", tcp, true],
      ["tcp://10.0.0.3:1/0", "tcp://10.0.0.2:9", tcp, false],
      ["tcp://10.0.0.1:1/0", "tcp://10.0.0.2:9", tcp, false],
      ["tcp://127.0.0.1:1/0", "tcp://10.0.0.2:9", tcp, false],
      ["tcp://localhost:1/0", "tcp://10.0.0.2:9", tcp, false],
      ["ipc://[/run/a]/0", "tcp://10.0.0.2:9", tcp, false],
      ["local://a/0", "tcp://10.0.0.2:9", tcp, false],
      // Callers on the same machine.
      ["tcp://10.0.0.1:1/0", "tcp://127.0.0.1:9", tcp, true],
      ["tcp://127.0.0.1:1/0", "tcp://10.0.0.1:9", tcp, true],
      ["tcp://10.0.0.3:1/0", "tcp://127.0.0.1:9", tcp, false],
      ["ipc://[/run/a]/0", "tcp://127.0.0.1:9", tcp, false],
      ["ipc://[/run/a]/0", "ipc://[/run/d]#1", "ipc://[/run/d]", true],
      ["ipc://[/home/a]/0", "ipc://[/run/d]#1", "ipc://[/run/d]", false],
      ["tcp://127.0.0.1:1/0", "ipc://[/run/d]#1", "ipc://[/run/d]", false],
      ["local://a/0", "local://d#1", "local://d", true],
      ["local://a/0", "ipc://[/run/d]#1", "ipc://[/run/d]", false],
      // Callers behind a broker.
      ["nats://b:4222/a/0", "nats://b:4222/d#1", "nats://b:4222/d", true],
      ["nats://c:4222/a/0", "nats://b:4222/d#1", "nats://b:4222/d", false],
      ["tcp://127.0.0.1:1/0", "nats://b:4222/d#1", "nats://b:4222/d", false],
      ["nats://b:4222/a/0", "tcp://10.0.0.2:9", tcp, false],
    ] as const
  ) {
    assertEquals(isNear(agent, caller, own), expected, `${agent} ${caller}`);
  }
});
