import { X509Certificate } from "node:crypto";
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { createTestAuthority } from "./certificates.ts";
import { withCtx } from "../ctx.ts";

Deno.test("TestAuthority.issue makes a certificate of its own, with a key", async () => {
  const [authority, other] = [
    new X509Certificate((await createTestAuthority()).caCert),
    await createTestAuthority(),
  ];
  const { cert, key } = await other.issue();
  const issued = new X509Certificate(cert);
  const issuer = new X509Certificate(other.caCert);
  assert(issued.verify(issuer.publicKey));
  assertFalse(issued.verify(authority.publicKey));
  assert(issuer.ca);
  assertEquals(issued.subject, "CN=test");
  assertEquals(issued.subjectAltName?.split(", "), [
    "DNS:localhost",
    "IP Address:127.0.0.1",
    "IP Address:::1",
  ]);
  assert(key.startsWith("-----BEGIN PRIVATE KEY-----\n"));
  const now = Date.now();
  assert(
    Date.parse(issued.validFrom) < now && now < Date.parse(issued.validTo),
  );
});

Deno.test("TestAuthority.issue makes bad certificates, too", async () => {
  const authority = await createTestAuthority();
  const validFrom = new Date("2001-01-01T00:00:00Z");
  const validTo = new Date("2002-01-01T00:00:00Z");
  const { cert } = await authority.issue({
    name: null,
    hosts: ["elsewhere.example"],
    validFrom,
    validTo,
  });
  const issued = new X509Certificate(cert);
  assertEquals(issued.subjectAltName, "DNS:elsewhere.example");
  assertEquals(Date.parse(issued.validFrom), validFrom.getTime());
  assertEquals(Date.parse(issued.validTo), validTo.getTime());
});

Deno.test("TestAuthority.issue takes any name, host and date", async () => {
  const authority = await createTestAuthority();
  const validTo = new Date("2055-01-01T00:00:00Z");
  const name = `Zoë ${"x".repeat(300)}`;
  const hosts = ["fe80::1:2", "1::", "::ffff:1.2.3.4", "2001:db8:1:2:3:4:5:6"];
  const { cert } = await authority.issue({ name, hosts, validTo });
  const issued = new X509Certificate(cert);
  const issuer = new X509Certificate(authority.caCert);
  assert(issued.verify(issuer.publicKey));
  assertEquals(issued.subject, `CN=${name}`);
  assertEquals(Date.parse(issued.validTo), validTo.getTime());
  assertEquals(issued.subjectAltName?.split(", "), [
    "IP Address:fe80::1:2",
    "IP Address:1::",
    "IP Address:::ffff:1.2.3.4",
    "IP Address:2001:db8:1:2:3:4:5:6",
  ]);
});

Deno.test("createTestAuthority makes good certificates again and again", async () => {
  // Serial numbers and signatures are random: check that every length works.
  for (let n = 0; n < 50; n++) {
    const authority = await createTestAuthority();
    const issued = new X509Certificate((await authority.issue()).cert);
    const issuer = new X509Certificate(authority.caCert);
    assert(issued.verify(issuer.publicKey) && issuer.verify(issuer.publicKey));
  }
});

withCtx("Ctx.authority is there with TLS alone", (ctx) => {
  assertThrows(() => ctx.authority, TypeError, "'tls'");
  assertEquals(ctx.options.tls, undefined);
});

withCtx({
  name: "Ctx.options has the certificates of a step with TLS",
  transports: ["tls"],
}, (ctx) => {
  assertEquals(ctx.options.tls?.caCerts, ctx.authority.caCert);
  assert(ctx.address.startsWith("tcp://"));
});
