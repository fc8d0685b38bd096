/** One step of the day. Powers are in watts. */
export interface Row {
  /** The time, in seconds since midnight. */
  readonly time: number;
  /** The power that was available in the park. */
  readonly available: number;
  /** The cap of the park, or `null`. */
  readonly cap: number | null;
  /** The power of each turbine. */
  readonly turbines: readonly number[];
}

/** The data of mosaik's collector, by time, attribute and source. */
export type Collected = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
>;

/** Converts the collected data to rows. A cap holds until the next one. */
export function rowsOf(collected: Collected): Row[] {
  let cap: number | null = null;
  return Object.entries(collected).map(
    ([time, { available, power, ...it }]) => {
      const told = Object.values(it["cap"] ?? {});
      if (told.length > 0) cap = told[0] as number | null;
      return {
        time: Number(time),
        available: Number(Object.values(available ?? {})[0]),
        cap,
        turbines: Object.entries(power ?? {})
          .filter(([source]) => source.includes(".turbine-"))
          .toSorted(([a], [b]) => a.localeCompare(b))
          .map(([, watts]) => Number(watts)),
      };
    },
  );
}

/** Returns the power of the whole park. */
export function powerOf({ turbines }: Row): number {
  return turbines.reduce((total, watts) => total + watts, 0);
}
