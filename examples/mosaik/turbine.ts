import { Agent, type Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";

/** Wind speeds, in tenths of m/s: start, full power, and shutdown. */
const CUT_IN = 30;
const RATED = 120;
const CUT_OUT = 250;

/** The data of a turbine. */
export interface TurbineData {
  /** The maximum power, in watts. */
  readonly rated: number;
  /**
   * The share of the wind that reaches it behind the others, in thousandths.
   */
  readonly reached: number;
}

/** A wind turbine. Only the turbine itself knows its available power. */
export class Turbine extends Agent {
  readonly #data: TurbineData;
  #available = 0;
  #power = 0;

  constructor(container: Container, id: string, data: TurbineData) {
    super(container, { id });
    this.#data = data;
  }

  /** The current power, in watts. */
  get power(): number {
    return this.#power;
  }

  /** Sets the wind, in tenths of m/s, and returns the power available now. */
  @expose
  feel(wind: number): number {
    const { rated, reached } = this.#data;
    this.#available = powerAt(Math.floor(wind * reached / 1_000), rated);
    return this.#available;
  }

  /** Generates up to `offer` watts, and returns the resulting power. */
  @expose
  take(offer: number): number {
    return this.#power = Math.min(offer, this.#available);
  }
}

/**
 * Returns the power in watts, with integer arithmetic, so that Python gets the
 * same.
 */
export function powerAt(wind: number, rated: number): number {
  if (wind < CUT_IN || wind >= CUT_OUT) return 0;
  const speed = Math.min(wind, RATED);
  return Math.floor(
    rated * (speed ** 3 - CUT_IN ** 3) / (RATED ** 3 - CUT_IN ** 3),
  );
}
