import { assert, assertEquals } from "@std/assert";
import { remoteNode } from "../../rpc/internal.ts";
import { AgentAddresses, type AgentReach } from "./_agent_addresses.ts";

const places = new AgentAddresses({
  address: "local://here",
  typeOf: () => null,
} as unknown as AgentReach);

Deno.test("AgentAddresses.openPath knows agents, and nothing in them or beside", () => {
  const open = places.openPath("agents/tom");
  assert(open !== null);
  assertEquals(remoteNode(open)!.place!.address, "local://here/tom");
  for (
    const path of [
      "",
      "agents",
      "agents/",
      "agents/tom/",
      "agents/tom/open",
      "agents/$ref",
      "agents/a\x1b[31m",
      "/agents/tom",
      "validate_aid",
      "$/ref/0",
    ]
  ) assertEquals(places.openPath(path), null, path);
});
