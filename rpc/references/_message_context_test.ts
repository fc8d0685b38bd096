import { assertEquals } from "@std/assert";
import { asMessageContext, MessageContext } from "./_message_context.ts";

/** A context that passes two things, and what becomes of them. */
function filledContext() {
  const context = new MessageContext("borrowed");
  assertEquals(context.isEmpty, true);
  const undone: string[] = [];
  for (const isStarted of [false, true]) {
    const name = isStarted ? "started" : "idle";
    context.add({
      isStarted,
      drop: () => undone.push(`dropped ${name}`),
      withdraw: () => undone.push(`withdrawn ${name}`),
    });
  }
  assertEquals(context.isEmpty, false);
  return { context, undone };
}

Deno.test("MessageContext.settle drops once what is not started", () => {
  const { context, undone } = filledContext();
  context.settle();
  context.settle();
  assertEquals(undone, ["dropped idle"]);
});

Deno.test("MessageContext.discard drops everything", () => {
  const { context, undone } = filledContext();
  context.discard();
  assertEquals(undone, ["dropped idle", "dropped started"]);
});

Deno.test("MessageContext.withdraw takes everything back", () => {
  const { context, undone } = filledContext();
  context.withdraw();
  assertEquals(undone, ["withdrawn idle", "withdrawn started"]);
});

Deno.test("asMessageContext takes nothing else for one", () => {
  const context = new MessageContext("owned");
  assertEquals(asMessageContext(context), context);
  for (const other of [undefined, null, {}, { hold: "owned" }]) {
    assertEquals(asMessageContext(other), null);
  }
});
