import { assertEquals, assertRejects } from "@std/assert";
import { Agent } from "../agent.ts";
import { RemoteError } from "../../channel/errors.ts";
import type { Authenticate } from "../../rpc/authenticate.ts";
import { call } from "../../rpc/call.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Directory } from "./directory.ts";
import type { DirectoryChange } from "./entry.ts";
import { findDirectory } from "./client.ts";

class Bidder extends Agent {
  @expose
  whoCalls(): { identity: unknown; peer: string | null } {
    const { identity, peerName: peer } = call();
    return { identity, peer };
  }
}

const membersOnly: Authenticate = (credentials) => {
  if (credentials === "member") return "a member";
  throw new AuthenticationError("Members only");
};

/** Members also show their credentials to agents found in a directory. */
const members = {
  authenticate: membersOnly,
  credentials: "member",
  credentialsFor: () => true,
};

withCtx({
  name: "findDirectory and what it finds go by the container's TLS",
  transports: ["tls"],
}, async (ctx) => {
  const issue = async (name: string) => ({
    ...ctx.options.tls,
    ...await ctx.authority.issue({ name }),
  });
  const hub = await ctx.createContainer({ tls: await issue("hub") });
  const ann = await ctx.createContainer({ tls: await issue("ann") });
  const bob = await ctx.createContainer({ tls: await issue("bob") });
  const { address } = await hub.spawn(Directory);
  const anns = await findDirectory(ann, address);
  const bobs = await findDirectory(bob, address);
  const bidder = await ann.spawn(Bidder);
  await using seat = await anns.register(bidder, { type: "bidder" });
  const seen: DirectoryChange[] = [];
  for await (const change of bobs.subscribe({ type: "bidder" })) {
    seen.push(change);
    break;
  }
  assertEquals(seen[0]?.entry.address, seat.address);
  const found = await bobs.connectOne<Bidder>({ type: "bidder" });
  assertEquals((await found.whoCalls()).peer, "bob");
});

withCtx("findDirectory shows the credentials of its container", async (ctx) => {
  const hub = await ctx.createContainer(members);
  const here = await ctx.createContainer(members);
  const { address } = await hub.spawn(Directory);
  const directory = await findDirectory(here, address);
  const bidder = await here.spawn(Bidder);
  await directory.register(bidder, { type: "bidder" });
  const other = await ctx.createContainer(members);
  const others = await findDirectory(other, address);
  const found = await others.connectOne<Bidder>({ type: "bidder" });
  assertEquals((await found.whoCalls()).identity, "a member");
  for (const options of [{}, { credentials: "guest" }]) {
    const stranger = await ctx.createContainer(options);
    await assertRejects(
      () => findDirectory(stranger, address, { retryForMs: 5_000 }),
      AuthenticationError,
      "Members only",
    );
  }
});

withCtx(
  "DirectoryClient.register tells that an agent refuses the directory",
  async (ctx) => {
    const hub = await ctx.createContainer();
    const here = await ctx.createContainer(members);
    const { address } = await hub.spawn(Directory);
    const directory = await findDirectory(here, address);
    const bidder = await here.spawn(Bidder);
    const error = await assertRejects(
      () => directory.register(bidder, { type: "bidder" }),
      Error,
      "Members only",
    );
    // The directory notices the refusal by an answer, or by the end that
    // follows.
    const { name } = error;
    const remoteName = error instanceof RemoteError ? error.remoteName : name;
    assertEquals(remoteName, "AuthenticationError");
    assertEquals(await directory.lookUp(), []);
  },
);
