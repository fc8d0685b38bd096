import { Agent } from "../../agent/agent.ts";
import { tablesOf } from "../../agent/fixtures/tables.ts";
import type { Container } from "../../agent/container.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { type Random, randomInteger } from "../../testing/network/random.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { CallAudit } from "./_call_audit.ts";
import { visitUntil } from "./_checks.ts";
import { checkHandlerErrors } from "./_checks.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_link_conditions.ts";

/** The time limit of a call, in milliseconds. */
const TIMEOUT_MS = 400;
/** The number of simultaneous clients. */
const CLIENTS = 24;

class Worker extends Agent {
  readonly #audit: CallAudit;

  constructor(container: Container, audit: CallAudit) {
    super(container);
    this.#audit = audit;
  }

  @expose
  once(n: number): number {
    return this.#audit.run(n);
  }

  /** Calls another agent, chosen by the caller. */
  @expose
  async ask(n: number, other: Remote<Worker>): Promise<number> {
    this.#audit.run(n);
    await this.#audit.call(
      { kind: "agent, passed on" },
      (m) => withOptions(other, { timeoutMs: TIMEOUT_MS }).once(m),
    );
    return n;
  }
}

/** Storms agents: they start, are watched, call each other and leave. */
export async function stormAgents(world: TrialWorld): Promise<void> {
  const { ctx, random, counters, name, until } = world;
  const { network } = ctx;
  const audit = new CallAudit(name, counters);
  const containers: Container[] = [];
  for (let i = 0; i < 3; i++) {
    containers.push(
      await ctx.createContainer({ heartbeatMs: 30, timeoutMs: TIMEOUT_MS }),
    );
  }
  const any = () => containers[randomInteger(random, 0, 2)]!;
  const visit = async () => {
    const [from, to, third] = [any(), any(), any()];
    const [agent, other] = [
      await to.spawn(Worker, audit),
      await third.spawn(Worker, audit),
    ];
    try {
      await useAgents(from, agent.address, other.address);
    } finally {
      await Promise.all([agent, other].map((it) => it.close({ graceMs: 50 })));
    }
  };
  const useAgents = async (from: Container, to: string, third: string) => {
    const signal = AbortSignal.timeout(until - performance.now() + 300);
    const end = new AbortController();
    const watching = from.watch(to, { signal: end.signal }).then(
      () => counters.add("agents seen to go"),
      () => {},
    );
    try {
      const proxy = await from.connect<Worker>(to, { signal });
      const passed = await from.connect<Worker>(third, { signal });
      await callAll(proxy, passed, random, audit);
    } finally {
      end.abort();
      await watching;
    }
  };
  await Promise.all([
    storm(network, random, until, counters),
    ...visitUntil(CLIENTS, visit, world),
  ]);
  await Promise.all(containers.map((it) => it.close({ graceMs: 200 })));
  await checkEmpty(containers, world);
  // Calls that the container has just settled settle a few turns later.
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  audit.close();
  checkHandlerErrors(world);
}

async function callAll(
  proxy: Remote<Worker>,
  passed: Remote<Worker>,
  random: Random,
  audit: CallAudit,
): Promise<void> {
  await Promise.all(
    Array.from(
      { length: randomInteger(random, 1, 8) },
      () =>
        random() < 0.7
          ? audit.call({ kind: "agent" }, (n) => proxy.once(n))
          : audit.call({ kind: "agent, ask" }, (n) => proxy.ask(n, passed)),
    ),
  );
}

async function checkEmpty(
  containers: readonly Container[],
  { counters, name }: TrialWorld,
): Promise<void> {
  for (const container of containers) {
    const isEmpty = () => tablesOf(container.stats()).every((it) => it === 0);
    for (let turn = 0; turn < 100 && !isEmpty(); turn++) await nextTurn();
    if (isEmpty()) continue;
    counters.breach(
      `${name}: a closed container has ${JSON.stringify(container.stats())}`,
    );
  }
}
