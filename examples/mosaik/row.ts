/** One step of the day. Powers are in watts. */
export interface Row {
  /** In seconds from midnight. */
  readonly time: number;
  /** What the park could give. */
  readonly available: number;
  /** What it was told to keep to, or `null`. */
  readonly cap: number | null;
  /** What each turbine gave. */
  readonly turbines: readonly number[];
}

/** What mosaik's collector has: by time, attribute and source. */
export type Collected = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
>;

/** Returns the rows of what was collected. A cap holds until the next is told. */
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

/** What the whole park gave. */
export function powerOf({ turbines }: Row): number {
  return turbines.reduce((total, watts) => total + watts, 0);
}
