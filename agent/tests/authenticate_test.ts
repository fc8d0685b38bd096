import { assert, assertEquals, assertRejects } from "@std/assert";
import { call } from "../../rpc/call.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Authenticate } from "../../rpc/authenticate.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";

class Host extends Agent {
  @expose
  whoAmI(): unknown {
    const { identity } = call();
    return identity === this.container ? "myself" : identity ?? "nobody";
  }

  /** Asks a guest for this side's identity. */
  @expose
  async ask(guest: Pick<Host, "whoAmI">): Promise<unknown> {
    return await guest.whoAmI();
  }

  @expose
  async runBack(callback: () => Promise<string>): Promise<string> {
    return await callback();
  }
}

/**
 * Authenticates the members of a club; with `alsoDialled`, also every peer that
 * this side has connected to.
 */
function club(alsoDialled: boolean): Authenticate {
  return (credentials, { isInitiator }) => {
    if (credentials === "member") return "a member";
    if (isInitiator && alsoDialled) return "one that I called";
    throw new AuthenticationError("Members only");
  };
}

withCtx(
  "Container takes calls of those that it knows, and its own",
  async (ctx) => {
    const home = await ctx.createContainer({ authenticate: club(false) });
    const host = await home.spawn(Host);
    const own = await home.connect<Host>(host.address);
    assertEquals(await own.whoAmI(), "myself");
    const member = await ctx.createContainer({ credentials: "member" });
    const remote = await member.connect<Host>(host.address);
    assertEquals(await remote.whoAmI(), "a member");
  },
);

withCtx(
  "Container that is not known is told so when it connects",
  async (ctx) => {
    const home = await ctx.createContainer({ authenticate: club(false) });
    const host = await home.spawn(Host);
    for (const options of [{}, { credentials: "guest" }]) {
      const stranger = await ctx.createContainer(options);
      await assertRejects(
        () => stranger.connect<Host>(host.address, { retryForMs: 5_000 }),
        AuthenticationError,
        "Members only",
      );
    }
    assertEquals(home.stats().clients, 0);
    // A refused attempt is not repeated.
    assertEquals(home.stats().acceptedConnections, 2);
  },
);

withCtx(
  "Container refuses those for whom 'authenticate' returns no identity",
  async (ctx) => {
    const users = new Map([["member", "a member"]]);
    for (
      const authenticate of [
        (credentials: unknown) => credentials === "member",
        // It does not compile without the cast.
        ((it: string) => users.get(it)) as unknown as Authenticate,
      ]
    ) {
      const home = await ctx.createContainer({ authenticate, onError() {} });
      const { address } = await home.spawn(Host);
      const stranger = await ctx.createContainer({ credentials: "guest" });
      await assertRejects(
        () => stranger.connect<Host>(address),
        AuthenticationError,
        "refuses the credentials",
      );
      const member = await ctx.createContainer({ credentials: "member" });
      const host = await member.connect<Host>(address);
      const identity = await host.whoAmI();
      assert(["a member", true].some((it) => it === identity));
    }
  },
);

for (const mayCall of [false, true]) {
  withCtx(
    `Container that was dialled ${
      mayCall ? "may" : "must not"
    } call back as authenticate says`,
    async (ctx) => {
      const there = await ctx.createContainer();
      const { address } = await there.spawn(Host);
      const here = await ctx.createContainer({ authenticate: club(mayCall) });
      const guest = await here.spawn(Host);
      const host = await here.connect<Host>(address);
      assertEquals(
        await host.runBack(() => Promise.resolve("passed")),
        "passed",
      );
      const asked = host.ask(guest);
      if (mayCall) assertEquals(await asked, "one that I called");
      else await assertRejects(() => asked, Error, "Members only");
      // In any case, this side can still call its host.
      assertEquals(await host.whoAmI(), "nobody");
    },
  );
}
