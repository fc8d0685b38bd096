import { transportFor } from "../../../transports/address.ts";
import { defaultTransports } from "../../../transports/defaults.ts";
import { randomInteger } from "../../../testing/network/_random.ts";
import { nextTurn } from "../../../testing/step/_within.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import type { Connection } from "../../../transports/transport.ts";
import { comesTrue } from "../_ended.ts";
import { attackBytes } from "./bytes.ts";
import { Effects } from "./effects.ts";
import {
  type AttackLog,
  type AttackOptions,
  memoryBytes,
  peerOptions,
  tellEffects,
} from "./log.ts";
import { HostilePeer, type Prey } from "./peer.ts";
import { HostileServer } from "./server.ts";
import type { Target } from "./target.ts";
import { type TargetName, TARGETS } from "./targets.ts";
import type { WireName } from "./wire.ts";

/** How many hostile connections there are at once. */
const PEERS = 5;
/** How many frames one of them sends without a pause. */
const MOST_AT_ONCE = 60;
/** What an honest client must not wait longer than, in milliseconds. */
const LONGEST_MS = 3_000;

/** Agents that are dialled lie about their names. */
const LIAR_PREY: Prey = {
  typeId: 1,
  plans: [["validate_aid", (lies) => [lies.name()]]],
  forbidden: ["agents/vault/open"],
  addresses: [],
};

/**
 * Attacks a server of a layer with peers that speak the protocol and lie in
 * it, while an honest client uses it. In the end the server has to hold
 * nothing of theirs, and nothing that was not allowed may have happened.
 */
export async function attackServer(
  layer: TargetName,
  ctx: Ctx,
  options: AttackOptions,
): Promise<void> {
  const { log } = options;
  const effects = new Effects();
  await using liar = await HostileServer.listen(ctx, {
    ...peerOptions(ctx, options, effects),
    prey: LIAR_PREY,
  });
  const agents = ["0", "1", "liar"].map((id) => `${liar.address}/${id}`);
  const target = await TARGETS[layer](ctx, effects, agents);
  await target.check();
  const heldBefore = target.held();
  const before = await memoryBytes();
  const attack = new Attack(target, ctx, options, effects);
  try {
    await attack.run();
  } finally {
    await attack.end();
    liar.hangUp();
  }
  await checkAfter(target, heldBefore, log);
  await target.check();
  await tellEffects(ctx, effects, log, before);
}

/** Nothing may be left of peers that are gone. */
async function checkAfter(
  target: Target,
  before: Readonly<Record<string, number>>,
  log: AttackLog,
): Promise<void> {
  const areGone = () => target.connections() === 0;
  const isEmpty = () =>
    Object.entries(target.held()).every(([name, it]) => it <= before[name]!);
  if (!await comesTrue(areGone)) {
    log.breach(`${target.connections()} connections were left open`);
  } else if (!await comesTrue(isEmpty)) {
    log.breach(
      `the server still holds ${JSON.stringify(target.held())}, and held ${
        JSON.stringify(before)
      }`,
    );
  }
}

class Attack {
  readonly #target: Target;
  readonly #ctx: Ctx;
  readonly #options: AttackOptions;
  readonly #effects: Effects;
  readonly #peers = new Map<HostilePeer, number>();
  readonly #silent: (() => Promise<void>)[] = [];
  #frames = 0;

  constructor(
    target: Target,
    ctx: Ctx,
    options: AttackOptions,
    effects: Effects,
  ) {
    this.#target = target;
    this.#ctx = ctx;
    this.#options = options;
    this.#effects = effects;
  }

  async run(): Promise<void> {
    const { random, goesOn, log } = this.#options;
    while (goesOn(this.#frames)) {
      await this.#fillUp();
      for (const [peer, framesLeft] of this.#peers) {
        const frames = randomInteger(random, 1, MOST_AT_ONCE);
        peer.burst(frames);
        this.#peers.set(peer, framesLeft - frames);
        if (framesLeft > frames) continue;
        peer.leave();
        this.#peers.delete(peer);
        // One that ends its half still reads what comes.
        this.#silent.push(() => Promise.resolve(peer.close()));
      }
      if (random() < 0.2) await this.#attackBytes();
      const start = performance.now();
      await this.#target.check();
      const ms = performance.now() - start;
      log.honest(ms);
      if (ms > LONGEST_MS) log.breach(`an honest client waited ${ms} ms`);
      await nextTurn();
    }
  }

  async end(): Promise<void> {
    for (const peer of this.#peers.keys()) peer.close();
    await this.#closeSilent();
  }

  async #closeSilent(): Promise<void> {
    await Promise.all(this.#silent.splice(0).map((close) => close()));
  }

  async #fillUp(): Promise<void> {
    for (const peer of this.#peers.keys()) {
      if (!peer.isOpen) this.#peers.delete(peer);
    }
    if (this.#silent.length > 20) await this.#closeSilent();
    while (this.#peers.size < PEERS) {
      const peer = await this.#connect();
      const frames = randomInteger(this.#options.random, 1, 1_500);
      if (peer !== null) this.#peers.set(peer, frames);
    }
  }

  async #connect(): Promise<HostilePeer | null> {
    const { address } = this.#target;
    const transport = transportFor(
      address,
      defaultTransports({ tls: this.#ctx.options.tls }),
    );
    try {
      return this.#peer(await transport.connect(address));
    } catch (error) {
      this.#options.log.breach(`a peer cannot connect: ${error}`);
      return null;
    }
  }

  #peer(connection: Connection): HostilePeer {
    return new HostilePeer(connection, {
      ...peerOptions(this.#ctx, this.#options, this.#effects),
      prey: this.#target.prey,
      count: (kind) => {
        this.#frames++;
        this.#options.log.count(kind);
      },
    });
  }

  async #attackBytes(): Promise<void> {
    const { random, log } = this.#options;
    const { codec, tls } = this.#ctx.options;
    const { kind, close } = await attackBytes({
      address: this.#target.address,
      wire: codec.name as WireName,
      tls,
      random,
    });
    log.count(kind);
    this.#frames++;
    this.#silent.push(close);
  }
}
