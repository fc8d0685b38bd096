import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { Agent } from "../agent.ts";
import { ExternalClock } from "../clock/external_clock.ts";
import { fastForward } from "../clock/pace.ts";
import { Container } from "../container.ts";

/** Calls others at random times, and sometimes fails. */
class Moody extends Agent {
  readonly #log: string[];
  readonly #others: string[];
  constructor(
    container: Container,
    id: string,
    others: string[],
    log: string[],
  ) {
    super(container, { id, onFailure: { restarts: 1_000 } });
    this.#others = others;
    this.#log = log;
  }
  #note(act: string): void {
    this.#log.push(`${this.container.clock.time()} ${this.address} ${act}`);
  }
  protected override onStart() {
    const { clock } = this.container;
    this.#note("starts");
    this.run(async (signal) => {
      for (;;) {
        await clock.sleep(60 * this.#random(), { signal });
        if (this.#random() < 0.02) throw new Error("bad mood");
        const at = Math.floor(this.#random() * this.#others.length);
        const other = await this.container.connect<Moody>(
          this.#others[at]!,
          { retryForMs: 10_000, signal },
        );
        this.#note(await this.#ask(other, signal));
      }
    });
  }
  async #ask(other: Remote<Moody>, signal: AbortSignal): Promise<string> {
    try {
      return await other.ask(this.id);
    } catch (error) {
      signal.throwIfAborted();
      return (error as Error).name;
    }
  }
  #random(): number {
    return this.container.random();
  }
  @expose
  async ask(who: string): Promise<string> {
    this.#note(`hears ${who}`);
    await this.container.clock.sleep(this.#random());
    return `answer to ${who}`;
  }
}

async function hourWith(seed: number): Promise<string[]> {
  using clock = new ExternalClock("2024-01-01");
  const log: string[] = [];
  await using here = await Container.create("local://seed-a", {
    clock,
    seed,
    onError: () => {},
  });
  await using there = await Container.create("local://seed-b", {
    clock,
    seed: seed + 1,
    onError: () => {},
  });
  const addresses = [here, there].flatMap(({ address }) =>
    [0, 1, 2].map((id) => `${address}/${id}`)
  );
  for (const container of [here, there]) {
    for (const id of ["0", "1", "2"]) {
      await container.spawn(Moody, id, addresses, log);
    }
  }
  await fastForward(clock, { until: 3_600 });
  return log;
}

Deno.test("a run in simulated time repeats with its seed, restarts included", async () => {
  const first = await hourWith(1);
  assert(first.filter((it) => it.endsWith("starts")).length > 10);
  for (let again = 0; again < 3; again++) {
    assertEquals(await hourWith(1), first);
  }
  assertNotEquals(await hourWith(7), first);
});
