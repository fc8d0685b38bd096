import { call } from "../../../rpc/call.ts";
import { expose } from "../../../rpc/expose.ts";
import type { RequestMiddleware } from "../../../rpc/middleware.ts";
import { keep } from "../../../rpc/options.ts";
import { service } from "../../../rpc/service.ts";
import type { StandardSchema } from "../../../rpc/expose.ts";
import { nextTurn } from "../../../testing/step/_within.ts";
import type { Effects } from "./effects.ts";
import type { Plan } from "./messages.ts";

/** An order to pay. */
export interface Order {
  readonly amount: number;
}

type Call = (value: unknown) => unknown;

/** So much of what peers give is stored. */
const MOST_STORED = 20;

/** A schema that takes orders of 0 to 100, and leaves other keys as they are. */
function orderSchema(isAsync: boolean): StandardSchema<Order> {
  const check = (value: unknown) =>
    isOrder(value) ? { value } : { issues: [{ message: "is no order" }] };
  return {
    "~standard": {
      version: 1,
      vendor: "hostile",
      validate: (value) =>
        isAsync ? Promise.resolve(check(value)) : check(value),
    },
  };
}

function isOrder(value: unknown): value is Order {
  if (typeof value !== "object" || value === null) return false;
  const { amount } = value as Order;
  return typeof amount === "number" && amount >= 0 && amount <= 100;
}

/**
 * A service that does with what peers give it all that services do: it awaits,
 * calls, stores, consumes, validates and logs it. Methods that nobody may call
 * record that they ran.
 */
export class Bank {
  /** Not exposed. */
  readonly secret: string;
  /** Every call of it is refused by the middleware. */
  @expose
  readonly admin = service({ shutdown: () => this.#forbidden("shutdown") });
  readonly #effects: Effects;
  readonly #stored: unknown[] = [];

  constructor(effects: Effects) {
    this.#effects = effects;
    this.secret = effects.secret;
  }

  /** Refused by the middleware. */
  @expose
  open(): string {
    return this.#forbidden("open");
  }

  /** Not exposed. */
  hidden(): string {
    return this.#forbidden("hidden");
  }

  #forbidden(what: string): string {
    this.#effects.breach(`'${what}' ran`);
    return this.secret;
  }

  @expose
  echo(...values: unknown[]): unknown {
    return values[0];
  }

  @expose
  async echoLater(value: unknown): Promise<unknown> {
    await nextTurn();
    return value;
  }

  @expose({ args: [orderSchema(false)] })
  pay(order: Order): number {
    return this.#pay(order);
  }

  @expose({ args: [orderSchema(true)], result: orderSchema(true) })
  async payLater(order: Order): Promise<Order> {
    this.#pay(order);
    await nextTurn();
    this.#pay(order);
    return order;
  }

  #pay(order: Order): number {
    if (!isOrder(order)) this.#effects.breach("an order went past its schema");
    return order.amount;
  }

  @expose
  async tell(listener: Call, value: unknown): Promise<unknown> {
    return await listener(value);
  }

  @expose
  async each(values: readonly unknown[], listener: Call): Promise<unknown> {
    const results: unknown[] = [];
    for (const value of values.slice(0, 8)) results.push(await listener(value));
    return results;
  }

  @expose
  async first(a: Call, b: Call): Promise<unknown> {
    return await Promise.any([a, b].map(async (it) => await it(1)));
  }

  @expose
  async keepFor(listener: Call): Promise<void> {
    using kept = keep(listener as () => unknown);
    await nextTurn();
    await (kept as unknown as Call)(3);
  }

  @expose
  store(value: unknown): number {
    this.#stored.push(value);
    if (this.#stored.length > MOST_STORED) this.#stored.shift();
    return this.#stored.length;
  }

  @expose
  async stored(at: number): Promise<unknown> {
    const value = this.#stored[at];
    await nextTurn();
    return value;
  }

  @expose
  update(patch: Record<string, unknown>): Record<string, unknown> {
    return { ...patch, isUpdated: true };
  }

  @expose
  async sum(items: AsyncIterable<unknown>): Promise<number> {
    let count = 0;
    for await (const _ of items) {
      if (++count >= 2_000) break;
    }
    return count;
  }

  @expose
  async *pass(items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    yield* items;
  }

  @expose
  async *count(to: number): AsyncGenerator<number> {
    for (let n = 0; !(n >= to); n++) yield n;
  }

  @expose
  make(): Call {
    return (value) => value;
  }

  @expose
  makeService(): object {
    return service({ open: () => 1, echo: (value: unknown) => value });
  }

  @expose
  fail(value: unknown): never {
    throw value;
  }

  @expose
  hang(): Promise<void> {
    const { signal } = call();
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }

  /** What a log does with a value. */
  @expose
  log(value: unknown): void {
    for (
      const print of [
        () => JSON.stringify(value),
        () => Deno.inspect(value),
        () => `${value}`,
      ]
    ) {
      let text: string | undefined;
      try {
        text = print();
      } catch (error) {
        // Data may refuse to become text, as `{ toString: 5 }` does.
        if (!(error instanceof Error)) throw error;
        text = error.message;
      }
      // Text that was passed as text is printed as it is.
      if (typeof value === "function") this.#effects.printed(text ?? "");
    }
  }
}

/** Refuses the methods that nobody may call. */
export const guard: RequestMiddleware = ({ path }, next) => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "open" || name === "shutdown") {
    // Those that `makeService` made are for anybody.
    if (!path.startsWith("$/ref/")) {
      throw new Error("Cannot call it: forbidden");
    }
  }
  return next();
};

/** How hostile peers call what anybody may call. */
export function bankPlans(prefix: string = ""): Plan[] {
  const plans: Plan[] = [
    ["echo", (lies) => [lies.trap()]],
    ["echoLater", (lies) => [lies.trap()]],
    ["pay", (lies) => [order(lies)]],
    ["payLater", (lies) => [order(lies)]],
    ["tell", (lies) => [lies.reference(), lies.value(2)]],
    ["each", (lies) => [lies.list(2), lies.reference()]],
    ["first", (lies) => [lies.reference(), lies.reference()]],
    ["keepFor", (lies) => [lies.reference()]],
    ["store", (lies) => [lies.trap()]],
    ["stored", (lies) => [lies.integer(0, 20)]],
    ["update", (lies) => [lies.chance(0.5) ? lies.trap() : lies.reference()]],
    ["sum", (lies) => [lies.reference()]],
    ["pass", (lies) => [lies.reference()]],
    ["count", (lies) => [lies.pick<unknown>(3, 200, Infinity, "x")]],
    ["make", () => []],
    ["makeService", () => []],
    ["fail", (lies) => [lies.trap()]],
    ["hang", () => []],
    ["log", (lies) => [lies.chance(0.3) ? lies.reference() : lies.trap()]],
  ];
  return plans.map(([path, args]) => [prefix + path, args]);
}

function order(lies: Parameters<Plan[1]>[0]): unknown {
  if (lies.chance(0.4)) return lies.trap();
  const amount = lies.pick<unknown>(5, -5, 101, "5", NaN, null);
  return { amount, then: lies.chance(0.5) ? lies.reference() : 1 };
}
