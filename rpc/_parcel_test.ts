import { assertEquals, assertStrictEquals } from "@std/assert";
import { Packing } from "./_parcel.ts";

Deno.test("Packing knows the innermost parcel, and none outside of messages", () => {
  const packing = new Packing();
  const outer = packing.begin("lent");
  const inner = packing.begin("given");
  assertStrictEquals(packing.current, inner);
  packing.end(inner);
  assertStrictEquals(packing.current, outer);
  packing.end(outer);
  assertStrictEquals(packing.current, null);
});

Deno.test("Parcel.release lets go of each reference once", () => {
  const parcel = new Packing().begin("lent");
  assertEquals(parcel.isEmpty, true);
  let released = 0;
  parcel.addReference(() => released++);
  parcel.addReference(() => released++);
  assertEquals(parcel.isEmpty, false);
  parcel.release();
  parcel.release();
  assertEquals(released, 2);
});

/** A parcel with a reference and a stream, and what becomes of them. */
function filledParcel() {
  const parcel = new Packing().begin("given");
  const undone: string[] = [];
  parcel.addReference(() => undone.push("reference"));
  parcel.addStream({
    isStarted: true,
    drop: () => undone.push("dropped stream"),
    withdraw: () => undone.push("withdrawn stream"),
  });
  return { parcel, undone };
}

Deno.test("Parcel.discard lets go of references and drops streams", () => {
  const { parcel, undone } = filledParcel();
  parcel.discard();
  assertEquals(undone, ["reference", "dropped stream"]);
});

Deno.test("Parcel.withdraw lets go of references and takes streams back", () => {
  const { parcel, undone } = filledParcel();
  parcel.withdraw();
  assertEquals(undone, ["reference", "withdrawn stream"]);
});
