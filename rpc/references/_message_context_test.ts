import { assertEquals } from "@std/assert";
import { asMessageContext, MessageContext } from "./_message_context.ts";

/** Returns a context that passes two values, and a record of their ends. */
function filledContext() {
  const context = new MessageContext("borrowed");
  assertEquals(context.isEmpty, true);
  const undone: string[] = [];
  for (const name of ["one", "other"]) {
    context.add({
      drop: () => undone.push(`dropped ${name}`),
      withdraw: () => undone.push(`withdrawn ${name}`),
    });
  }
  assertEquals(context.isEmpty, false);
  return { context, undone };
}

Deno.test("MessageContext.discard drops everything once", () => {
  const { context, undone } = filledContext();
  context.discard();
  context.discard();
  assertEquals(undone, ["dropped one", "dropped other"]);
});

Deno.test("MessageContext.withdraw takes everything back", () => {
  const { context, undone } = filledContext();
  context.withdraw();
  assertEquals(undone, ["withdrawn one", "withdrawn other"]);
});

Deno.test("asMessageContext takes nothing else for one", () => {
  const context = new MessageContext("owned");
  assertEquals(asMessageContext(context), context);
  for (const other of [undefined, null, {}, { hold: "owned" }]) {
    assertEquals(asMessageContext(other), null);
  }
});
