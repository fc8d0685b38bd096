import { assert, assertEquals } from "@std/assert";
import { remoteNode } from "../../rpc/internal.ts";
import { withCtx } from "../../testing/ctx.ts";
import { internalsOf } from "../_container_internals.ts";

withCtx({
  name: "AgentAddresses.openPath knows agents, and nothing in them or beside",
  transports: ["memory"],
}, async (ctx) => {
  const container = await ctx.createContainer();
  const places = internalsOf(container).links.resolver;
  const open = places.openPath("agents/tom");
  assert(open !== null);
  assertEquals(remoteNode(open)!.place!.address, `${container.address}/tom`);
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
