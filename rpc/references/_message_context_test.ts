import { assertEquals } from "@std/assert";
import { asMessageContext, MessageContext } from "./_message_context.ts";

Deno.test("MessageContext.release lets go of each reference once", () => {
  const context = new MessageContext("borrowed");
  assertEquals(context.isEmpty, true);
  let released = 0;
  context.addReference(() => released++);
  context.addReference(() => released++);
  assertEquals(context.isEmpty, false);
  context.release();
  context.release();
  assertEquals(released, 2);
});

/** A context with a reference and a stream, and what becomes of them. */
function filledContext() {
  const context = new MessageContext("owned");
  const undone: string[] = [];
  context.addReference(() => undone.push("reference"));
  context.addStream({
    isStarted: true,
    drop: () => undone.push("dropped stream"),
    withdraw: () => undone.push("withdrawn stream"),
  });
  return { context, undone };
}

Deno.test("MessageContext.discard lets go of references and drops streams", () => {
  const { context, undone } = filledContext();
  context.discard();
  assertEquals(undone, ["reference", "dropped stream"]);
});

Deno.test("MessageContext.withdraw lets go of references and takes streams back", () => {
  const { context, undone } = filledContext();
  context.withdraw();
  assertEquals(undone, ["reference", "withdrawn stream"]);
});

Deno.test("asMessageContext takes nothing else for one", () => {
  const context = new MessageContext("owned");
  assertEquals(asMessageContext(context), context);
  for (const other of [undefined, null, {}, { hold: "owned" }]) {
    assertEquals(asMessageContext(other), null);
  }
});
