import { beginRun, useOf } from "./_clock_use.ts";
import type { Party, PartyReport } from "./_party.ts";
import type { Clock } from "./base_clock.ts";
import { ExternalClock, setWithoutWaking, wake } from "./external_clock.ts";
import { settleInProcess } from "./settle.ts";

/** A settable clock: an {@linkcode ExternalClock} or one like it. */
export type SettableClock = Pick<ExternalClock, "time" | "nextDue" | "setTime">;

/** A clock that may or may not be settable. */
type AnyClock = Pick<Clock, "time"> & Partial<SettableClock>;

/** A clock of this process, together with its containers. */
export class LocalParty implements Party {
  readonly isRemote = false;
  readonly #clock: AnyClock;
  #run: Disposable | null = null;

  constructor(clock: AnyClock) {
    this.#clock = clock;
  }

  get time(): number {
    return this.#clock.time();
  }

  get nextDue(): number | null {
    return this.#clock.nextDue ?? null;
  }

  begin(): void {
    if (typeof this.#clock.setTime !== "function") {
      throw new TypeError(
        "Cannot run a clock: it runs by itself, use an 'ExternalClock' or the option 'clock' of 'spawnContainer'",
      );
    }
    this.#run ??= beginRun(this.#clock);
  }

  end(): void {
    this.#run?.[Symbol.dispose]();
    this.#run = null;
  }

  setTime(time: number): void {
    const clock = this.#clock;
    // Other code may have set the clock ahead.
    if (clock.time() >= time) return;
    if (clock instanceof ExternalClock) setWithoutWaking(clock, time);
    else clock.setTime?.(time);
  }

  async settle(signal?: AbortSignal): Promise<PartyReport> {
    const clock = this.#clock;
    if (clock instanceof ExternalClock) wake(clock);
    await settleInProcess(signal);
    const { opening, reports } = useOf(clock);
    const containers = Array.from(reports, (report) => report());
    return { time: this.time, nextDue: this.nextDue, opening, containers };
  }
}
