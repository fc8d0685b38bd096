import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { notify } from "../../rpc/options.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import { until } from "../fixtures/until.ts";
import { findDirectory } from "./client.ts";
import { Directory } from "./directory.ts";

class Bank extends Agent {
  heard = 0;

  @expose
  who(): string {
    return this.address;
  }

  @expose
  hear(): void {
    this.heard++;
  }

  @expose
  forward(): void {
    this.heard++;
    throw new AgentNotFoundError("Cannot forward: no other bank is open");
  }
}

/** Returns a directory, and a function that starts a bank and registers it. */
async function start(ctx: Ctx) {
  const hub = await ctx.createContainer();
  const { address } = await hub.spawn(Directory);
  const here = await ctx.createContainer();
  const open = async (container: Container) => {
    const bank = await container.spawn(Bank);
    const directory = await findDirectory(container, address);
    await directory.register(bank, { type: "bank", properties: { name: "b" } });
    return bank;
  };
  return { open, here, directory: await findDirectory(here, address) };
}

withCtx(
  "DirectoryClient.ref follows an agent that is replaced or has moved",
  async (ctx) => {
    const { open, here, directory } = await start(ctx);
    const first = await ctx.createContainer();
    const ref = directory.ref<Bank>({ type: "bank" });
    const named = directory.ref<Bank>({ match: { name: "b" } });
    await assertRejects(() => ref.who(), AgentNotFoundError);
    const bank = await open(first);
    assertEquals(await ref.who(), bank.address);
    assertEquals(await named.who(), bank.address);
    const replacement = await open(first);
    // The ref keeps the first agent as long as that answers.
    assertEquals(await ref.who(), bank.address);
    await bank.close();
    assertEquals(await ref.who(), replacement.address);
    const moved = await open(await ctx.createContainer());
    await first.close();
    assertEquals(await Promise.all([ref.who(), named.who()]), [
      moved.address,
      moved.address,
    ]);
    notify(ref).hear();
    await until(() => moved.heard === 1);
    assertEquals(here.stats().watches, 0);
  },
);

withCtx(
  "calls of DirectoryClient.ref wait for an agent for as long as they may",
  async (ctx) => {
    const { open, directory } = await start(ctx);
    const patient = directory.ref<Bank>({ type: "bank" }, {
      retryForMs: 20_000,
    });
    const waiting = [patient.who(), patient.who()];
    const bank = await open(await ctx.createContainer());
    assertEquals(await Promise.all(waiting), [bank.address, bank.address]);
    assertThrows(() => directory.ref({}, { retryForMs: -1 }), RangeError);
  },
);

withCtx(
  "DirectoryClient.ref makes a call once whose method misses another agent",
  async (ctx) => {
    const { open, directory } = await start(ctx);
    const bank = await open(await ctx.createContainer());
    const ref = directory.ref<Bank>({ type: "bank" });
    assertEquals(await ref.who(), bank.address);
    await assertRejects(() => ref.forward(), AgentNotFoundError, "no other");
    assertEquals(bank.heard, 1);
  },
);
