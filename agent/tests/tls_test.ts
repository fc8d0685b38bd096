import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { ConnectError, HandshakeError } from "../../transports/errors.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";

class Guard extends Agent {
  @expose
  who(): string | null {
    return call().peerName;
  }
}

const transports = ["tls"] as const;

withCtx({
  name: "Container.create shows its certificate both ways",
  transports,
}, async (ctx) => {
  const issue = async (name: string) => ({
    ...ctx.options.tls,
    ...await ctx.authority.issue({ name }),
  });
  const [ada, bob] = [
    await ctx.createContainer({ tls: await issue("Ada") }),
    await ctx.createContainer({ tls: await issue("Bob") }),
  ];
  const adas = await ada.connect<Guard>((await bob.spawn(Guard)).address);
  const bobs = await bob.connect<Guard>((await ada.spawn(Guard)).address);
  assertEquals(await adas.who(), "Ada");
  assertEquals(await bobs.who(), "Bob");
});

withCtx({
  name: "Container.create demands a certificate unless told",
  transports,
}, async (ctx) => {
  const { caCerts, ...certificate } = ctx.options.tls!;
  await assertRejects(
    () => ctx.createContainer({ tls: certificate }),
    TypeError,
    "'caCerts'",
  );
  const closed = await ctx.createContainer();
  const open = await ctx.createContainer({
    tls: { ...certificate, caCerts, clientCerts: "none" },
  });
  // A container whose certificate the others reject.
  const stranger = await ctx.authority.issue({
    validTo: new Date(Date.now() - 1),
  });
  const visitor = await ctx.createContainer({
    tls: { ...stranger, caCerts },
  });
  const guard = await visitor.connect<Guard>(
    (await open.spawn(Guard)).address,
  );
  assertEquals(await guard.who(), null);
  const { address } = await closed.spawn(Guard);
  const error = await assertRejects(
    () => visitor.connect(address),
    ConnectError,
  );
  assertInstanceOf(error.cause, HandshakeError);
  assertEquals(error.cause.code, "expired");
  const [reported] = ctx.takeHandlerErrors();
  assertInstanceOf(reported, HandshakeError);
});

withCtx({
  name: "a container with TLS reaches what is on its machine without",
  transports,
}, async (ctx) => {
  const here = await ctx.createContainer();
  const near = ctx.use(
    await Container.create("local://tls-near", {
      ...ctx.options,
      tls: undefined,
    }),
  );
  const guard = await here.connect<Guard>((await near.spawn(Guard)).address);
  assertEquals(await guard.who(), null);
  const mixed = ctx.use(
    await Container.create("local://tls-mixed", ctx.options),
  );
  const far = await mixed.connect<Guard>((await here.spawn(Guard)).address);
  assertEquals(await far.who(), "ctx");
});

withCtx({
  name:
    "renewCertificate renews a container, whose agents and connections stay",
  transports,
}, async (ctx) => {
  const { caCerts } = ctx.options.tls!;
  const issue = async (name: string) => ({
    ...await ctx.authority.issue({ name }),
    caCerts,
  });
  const ada = await ctx.createContainer({ tls: await issue("Ada") });
  const guard = await ada.spawn(Guard);
  const bob = await ctx.createContainer();
  const first = await bob.connect<Guard>(guard.address);
  assertEquals(await first.who(), "ctx");

  await ada.renewCertificate(await issue("Ada 2"));
  assertEquals(await first.who(), "ctx");
  assertEquals(bob.stats().openedConnections, 1);
  // New connections in both directions.
  const eve = await ctx.createContainer();
  const before = await eve.spawn(Guard);
  const fromEve = await eve.connect<Guard>(guard.address);
  assertEquals(await fromEve.who(), "ctx");
  const toEve = await ada.connect<Guard>(before.address);
  assertEquals(await toEve.who(), "Ada 2");
  await assertRejects(
    () => ada.renewCertificate({ cert: "-----BEGIN" }),
    TypeError,
    "'cert'",
  );
});
