/** Stores one value for each object. */
export interface PrivateSlot<T> {
  /** Sets the value of `object`. To be called once for each object. */
  set(object: object, value: T): void;
  /** Returns the value of `object`, or `undefined` if there is none. */
  get(object: unknown): T | undefined;
}

/** Lets a constructor add the fields of a class to an existing object. */
class Existing {
  constructor(object: object) {
    return object;
  }
}

/**
 * Creates a slot: a map from objects to values, stored in private fields of the
 * objects. In a `WeakMap` whose values refer to their keys, as for the proxies
 * of a connection, all of them would survive each scavenge. With two such maps,
 * collecting the garbage of 12,000 connections took 345 ms, and 12 ms without
 * them.
 */
export function privateSlot<T>(): PrivateSlot<T> {
  return class extends Existing {
    readonly #value: T;

    constructor(object: object, value: T) {
      super(object);
      this.#value = value;
    }

    static set(object: object, value: T): void {
      new this(object, value);
    }

    static get(object: unknown): T | undefined {
      const isObject = typeof object === "function" ||
        typeof object === "object" && object !== null;
      return isObject && #value in object ? object.#value : undefined;
    }
  };
}
