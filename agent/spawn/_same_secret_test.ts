import { assertEquals } from "@std/assert";
import { isSameSecret } from "./_same_secret.ts";

Deno.test("isSameSecret takes the secret alone", () => {
  const secret = crypto.randomUUID();
  assertEquals(isSameSecret(secret, secret), true);
  for (let i = 0; i < secret.length; i++) {
    const other = `${secret.slice(0, i)}!${secret.slice(i + 1)}`;
    assertEquals(isSameSecret(other, secret), false);
  }
  for (
    const other of ["", secret.slice(1), `${secret}0`, null, undefined, 5, {
      length: secret.length,
      charCodeAt: () => 0,
    }]
  ) assertEquals(isSameSecret(other, secret), false);
});
