import { assertEquals, assertRejects } from "@std/assert";
import { DoorSlot } from "./door_slot.ts";
import { AddressInUseError } from "./errors.ts";

const ADDRESS = "ws://door";

Deno.test("a door takes one server at a time, at its own address", async () => {
  const slot = new DoorSlot(ADDRESS);
  await assertRejects(() => slot.listen("ws://other", () => {}), TypeError);
  assertEquals(slot.accept, null);
  const accept = () => {};
  const listener = await slot.listen(ADDRESS, accept);
  assertEquals(slot.accept, accept);
  await assertRejects(
    () => slot.listen(ADDRESS, () => {}),
    AddressInUseError,
  );
  await listener.close();
  assertEquals(slot.accept, null);
});

Deno.test("closing a listener again leaves the door to the next server", async () => {
  const slot = new DoorSlot(ADDRESS);
  const first = await slot.listen(ADDRESS, () => {});
  await first.close();
  const accept = () => {};
  const second = await slot.listen(ADDRESS, accept);
  await first.close();
  assertEquals(slot.accept, accept);
  await second.close();
});
