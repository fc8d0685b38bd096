import { Agent, type Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";

/** Wind speeds in tenths of m/s: a turbine starts, is at its best, is shut. */
const CUT_IN = 30;
const RATED = 120;
const CUT_OUT = 250;

/** What a turbine is. */
export interface TurbineData {
  /** The most that it gives, in watts. */
  readonly rated: number;
  /** How much of the wind reaches it behind the others, in thousandths. */
  readonly reached: number;
}

/** A wind turbine. Only itself knows what it could give. */
export class Turbine extends Agent {
  readonly #data: TurbineData;
  #available = 0;
  #power = 0;

  constructor(container: Container, id: string, data: TurbineData) {
    super(container, { id });
    this.#data = data;
  }

  /** What it gives, in watts. */
  get power(): number {
    return this.#power;
  }

  /** Feels the wind, in tenths of m/s, and returns what it could give now. */
  @expose
  feel(wind: number): number {
    const { rated, reached } = this.#data;
    this.#available = powerAt(Math.floor(wind * reached / 1_000), rated);
    return this.#available;
  }

  /** Gives up to `offer` watts, and returns how much that is. */
  @expose
  take(offer: number): number {
    return this.#power = Math.min(offer, this.#available);
  }
}

/** Power in watts; integers all the way, so that Python gets the same. */
export function powerAt(wind: number, rated: number): number {
  if (wind < CUT_IN || wind >= CUT_OUT) return 0;
  const speed = Math.min(wind, RATED);
  return Math.floor(
    rated * (speed ** 3 - CUT_IN ** 3) / (RATED ** 3 - CUT_IN ** 3),
  );
}
