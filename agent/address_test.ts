import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { withCtx } from "../testing/ctx.ts";
import {
  addressOf,
  checkContainerAddress,
  formatAgentAddress,
  parseAgentAddress,
  publicAddress,
} from "./address.ts";
import { Cat } from "./fixtures/cat.ts";

Deno.test("parseAgentAddress reads what formatAgentAddress writes", () => {
  for (
    const [container, id] of [
      ["tcp://127.0.0.1:5555", "0"],
      ["tcp://[::1]:5555", "weather station"],
      ["ipc://[/path/to/socket]", "0"],
      ["ipc://[/with] bracket]", "a]"],
      ["local://name", "0"],
    ] as const
  ) {
    const text = formatAgentAddress({ container, id });
    assertEquals(text, `${container}/${id}`);
    assertEquals(parseAgentAddress(text), { container, id });
  }
});

for (
  const text of [
    "",
    "0",
    "tcp://",
    "tcp://127.0.0.1:5555",
    "tcp://127.0.0.1:5555/",
    "tcp://127.0.0.1:5555/$a",
    "ipc://[/path/to/socket]",
    "ipc://[/x]",
    "ipc:///path/to/socket/0",
    "local://name",
    "local:///0",
  ]
) {
  Deno.test(`parseAgentAddress refuses '${text}'`, () => {
    assertThrows(
      () => parseAgentAddress(text),
      TypeError,
      `Cannot parse agent address '${text}': use`,
    );
  });
}

Deno.test("parseAgentAddress says that a container's address has no id", () => {
  const error = assertThrows(() => parseAgentAddress("tcp://127.0.0.1:80"));
  assertStringIncludes(String((error as Error).cause), "a container's address");
});

Deno.test("checkContainerAddress refuses the address of an agent", () => {
  const containers = [
    "tcp://127.0.0.1:80",
    "ipc://[/path/to/socket]",
    "ipc://[/with] bracket]",
    "local://name",
  ];
  for (const address of [...containers, "wss://host:443/path"]) {
    checkContainerAddress(address);
  }
  for (const address of containers.map((it) => `${it}/0`)) {
    assertThrows(
      () => checkContainerAddress(address),
      TypeError,
      `'${address}' as the address of a container: it is that of an agent`,
    );
  }
});

Deno.test("formatAgentAddress refuses an id that would not be read again", () => {
  for (const id of ["", "a/b", "$a"]) {
    assertThrows(
      () => formatAgentAddress({ container: "local://a", id }),
      TypeError,
      `Cannot use '${id}' as the id`,
    );
  }
});

Deno.test("publicAddress puts a host where others cannot use the one there is", () => {
  const name = Deno.hostname();
  assertEquals(publicAddress("tcp://0.0.0.0:1"), `tcp://${name}:1`);
  assertEquals(publicAddress("tcp://[::]:1"), `tcp://${name}:1`);
  assertEquals(
    publicAddress("tcp://0.0.0.0:1", "a.example"),
    "tcp://a.example:1",
  );
  assertEquals(publicAddress("tcp://127.0.0.1:1", "::1"), "tcp://[::1]:1");
  for (const address of ["tcp://127.0.0.1:1", "ipc://[/s]", "local://a"]) {
    assertEquals(publicAddress(address), address);
  }
  assertEquals(publicAddress("local://a", "a.example"), "local://a");
});

Deno.test("publicAddress refuses what is no host", () => {
  for (const host of ["", "no host", "a/b"]) {
    assertThrows(() => publicAddress("tcp://127.0.0.1:1", host), TypeError);
  }
});

Deno.test({
  name: "publicAddress says what to do where it may not ask for the name",
  permissions: { sys: false },
  fn: () =>
    void assertThrows(
      () => publicAddress("tcp://0.0.0.0:1"),
      TypeError,
      "'publicHost'",
    ),
});

withCtx("addressOf tells where an agent is", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  assertEquals(addressOf(await here.connect<Cat>(cat.address)), cat.address);
});

withCtx("addressOf refuses what is no proxy of an agent", async (ctx) => {
  const container = await ctx.createContainer();
  const cat = await container.spawn(Cat);
  const { meow } = await container.connect<Cat>(cat.address);
  for (const other of [null, "tcp://127.0.0.1:1/0", {}, cat, meow]) {
    assertThrows(() => addressOf(other), TypeError, "not a proxy of an agent");
  }
});
