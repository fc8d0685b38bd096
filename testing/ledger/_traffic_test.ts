import { assertEquals } from "@std/assert";
import type { Channel } from "../../channel/channel.ts";
import { Traffic } from "./_traffic.ts";

function channel(localAddress: string, remoteAddress: string): Channel {
  return { localAddress, remoteAddress } as Channel;
}

Deno.test("Traffic counts messages until they arrive, or their receiver ends", () => {
  const traffic = new Traffic();
  const client = channel("a", "b");
  const server = channel("b", "a");
  traffic.addServer("b");
  traffic.addChannel(client);
  const note = (channel: Channel, direction: "in" | "out") =>
    traffic.addMessage({ type: "message", channel, direction } as never);
  note(client, "out");
  note(client, "out");
  assertEquals(traffic.underWay, 2);
  traffic.addChannel(server);
  note(server, "in");
  assertEquals(traffic.underWay, 1);
  // Messages that the client sent before its end still arrive.
  traffic.endChannel(client);
  assertEquals(traffic.underWay, 1);
  traffic.endChannel(server);
  assertEquals(traffic.underWay, 0);
});
