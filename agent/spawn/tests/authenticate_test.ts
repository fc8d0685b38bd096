import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { codecs } from "../../../channel/fixtures/codecs.ts";
import { SerializationError } from "../../../channel/errors.ts";
import { AuthenticationError } from "../../../rpc/errors.ts";
import type { Authenticate, UnknownPeer } from "../../../rpc/authenticate.ts";
import { withCtx } from "../../../testing/ctx.ts";
import { SpawnError } from "../../errors.ts";
import { authenticate, Member } from "../../fixtures/spawned_club.ts";
import { fixture, KINDS, spawnIn } from "../../fixtures/spawning.ts";
import type { SpawnOptions } from "../contract.ts";

const options = { transports: ["tcp", "unix"], timeoutMs: 60_000 } as const;

const club = {
  modules: { spawned_club: fixture("spawned_club.ts") },
  authenticate: "spawned_club:authenticate",
} as const;
const { modules } = club;

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} shows the credentials of its parent, to it and to others`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({
      authenticate,
      credentials: "member",
    });
    const other = await ctx.createContainer({ authenticate });
    const here = await parent.spawn(Member);
    const far = await other.spawn(Member);
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      // Needed to connect to a third container.
      ...(kind === "process" && {
        permissions: { net: true, read: true, write: true },
      }),
    });
    const there = await spawned.spawn<Member>("spawned_club:Member");
    const { identity } = await there.ask(here);
    assertEquals(identity, "a member");
    assertEquals((await there.askAt(here.address)).identity, "a member");
    assertEquals((await there.askAt(far.address)).identity, "a member");
  });

  withCtx({
    ...options,
    name: `authenticate of a parent is given what its ${kind} was given`,
  }, async (ctx) => {
    const asked: [unknown, boolean][] = [];
    const tells: Authenticate = (
      credentials,
      { isInitiator }: UnknownPeer,
    ) => {
      asked.push([credentials, isInitiator]);
      return String(credentials);
    };
    const parent = await ctx.createContainer({
      authenticate: tells,
      credentials: "parent",
    });
    const here = await parent.spawn(Member);
    const stranger = await ctx.createContainer();
    const unknown = await stranger.spawn(Member);
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      credentials: () => ({ name: "child" }),
    });
    const there = await spawned.spawn<Member>("spawned_club:Member");
    await there.ask(here);
    await there.askAt(here.address);
    const away = await parent.connect<Member>(unknown.address);
    await away.ask(here);
    const shown = { name: "child" };
    assertEquals(asked, [[shown, true], [shown, false], [undefined, true]]);
  });

  withCtx({
    ...options,
    name: `a parent with authenticate refuses a ${kind} with other credentials`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({
      authenticate,
      credentials: "member",
    });
    const here = await parent.spawn(Member);
    for (const credentials of [null, "guest"]) {
      const spawned = await spawnIn(ctx, parent, kind, {
        modules,
        credentials,
      });
      const there = await spawned.spawn<Member>("spawned_club:Member");
      // Requests of the parent work nevertheless.
      assertEquals((await there.whoAmI()).identity, null);
      await assertRejects(() => there.ask(here), Error, "Members only");
      await assertRejects(
        () => there.askAt(here.address),
        Error,
        "Members only",
      );
      await spawned.close();
    }
  });

  withCtx({
    ...options,
    name: `a ${kind} asks who its peers are, by an export of its modules`,
    codecs,
  }, async (ctx) => {
    const isBinary = ctx.options.codec?.name === "msgpack";
    const credentials = isBinary ? new Uint8Array([0, 255]) : "member";
    const parent = await ctx.createContainer({ credentials });
    const spawned = await spawnIn(ctx, parent, kind, club);
    const there = await spawned.spawn<Member>("spawned_club:Member");
    const expected = isBinary ? "a member in binary" : "a member";
    assertEquals((await there.whoAmI()).identity, expected);
    const stranger = await ctx.createContainer();
    await assertRejects(
      () => stranger.connect(`${spawned.address}/0`),
      AuthenticationError,
      "Members only",
    );
    // The child shows the same credentials, in the codec in which it got them.
    const sister = await spawnIn(ctx, parent, kind, {
      ...club,
      ...(kind === "process" && {
        permissions: { net: true, read: true, write: true },
      }),
    });
    const other = await sister.spawn<Member>("spawned_club:Member");
    const { identity } = await other.askAt(`${spawned.address}/0`);
    assertEquals(identity, expected);
  });

  withCtx({
    ...options,
    name: `a ${kind} that refuses its parent is given up`,
  }, async (ctx) => {
    for (const credentials of [undefined, "guest"]) {
      const parent = await ctx.createContainer({ credentials });
      const error = await assertRejects(
        () => spawnIn(ctx, parent, kind, club),
        SpawnError,
        "Members only",
      );
      assertInstanceOf(error.cause, AuthenticationError);
      assertEquals(parent.stats().connections, 0);
      assertEquals(error.message.includes("guest"), false);
    }
  });

  withCtx({
    ...options,
    name: `a ${kind} that cannot know who its peers are does not start`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({ credentials: "member" });
    const spawn = (more: Partial<SpawnOptions>) =>
      spawnIn(ctx, parent, kind, { modules, ...more });
    for (
      const [name, wrong] of [
        ["spawned_club:missing", "exports no 'missing'"],
        ["spawned_club:modules", "exports no 'modules'"],
        ["other:authenticate", "not among the modules"],
        ["authenticate", "name a module and its export"],
      ] as const
    ) {
      await assertRejects(
        () => spawn({ authenticate: name }),
        SpawnError,
        wrong,
      );
    }
    await assertRejects(
      () => spawn({ credentials: { at: new Date(0) } }),
      SerializationError,
    );
    const failing = () => {
      throw new RangeError("no token left");
    };
    await assertRejects(
      () => spawn({ credentials: failing }),
      RangeError,
      "no token left",
    );
  });
}
