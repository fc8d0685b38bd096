/** The task of a worker. */
export interface WorkerTask {
  /** The NATS servers of one cluster. */
  readonly addresses: readonly string[];
  readonly writer: string;
  readonly accounts: number;
  /** The number of simultaneous payments. */
  readonly callers: number;
  readonly leaseMs: number;
}

/** A line that a worker prints. */
export type WorkerLine =
  | { readonly kind: "joined" | "settled" | "read" }
  | { readonly kind: "begun"; readonly id: string; readonly account: string }
  | { readonly kind: "paid"; readonly id: string }
  | {
    readonly kind: "failed";
    readonly id: string;
    /** Whether the error implies that the payment has not run. */
    readonly hasNotRun: boolean;
    readonly name: string;
  }
  | {
    readonly kind: "account";
    readonly account: string;
    readonly payments: readonly string[];
  };

/** The state of one payment. */
interface Payment {
  readonly account: string;
  outcome: "pending" | "paid" | "lost" | "not run";
}

/** Records all payments, as reported by their payers and by the accounts. */
export class Books {
  readonly #payments = new Map<string, Payment>();
  readonly #accounts = new Map<string, readonly string[]>();
  /** The number of failed payments, by the class of the error. */
  readonly errors = new Map<string, number>();
  joined = 0;

  /** Records a line that a worker has printed. */
  enter(line: WorkerLine): void {
    switch (line.kind) {
      case "joined":
        this.joined++;
        break;
      case "begun": {
        const { id, account } = line;
        this.#payments.set(id, { account, outcome: "pending" });
        break;
      }
      case "paid":
        this.#payments.get(line.id)!.outcome = "paid";
        break;
      case "failed": {
        const { id, hasNotRun, name } = line;
        this.#payments.get(id)!.outcome = hasNotRun ? "not run" : "lost";
        this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
        break;
      }
      case "account":
        this.#accounts.set(line.account, line.payments);
        break;
    }
  }

  /** The number of payments with each outcome. */
  get counts(): Record<Payment["outcome"], number> {
    const counts = { pending: 0, paid: 0, lost: 0, "not run": 0 };
    for (const { outcome } of this.#payments.values()) counts[outcome]++;
    return counts;
  }

  /** The number of payments that the accounts have received. */
  get received(): number {
    return [...this.#accounts.values()].flat().length;
  }

  /** Returns the payments that do not balance. */
  breaches(): string[] {
    const breaches: string[] = [];
    const received = new Map<string, string>();
    for (const [account, payments] of this.#accounts) {
      for (const id of payments) {
        if (received.has(id)) breaches.push(`'${id}' ran twice`);
        received.set(id, account);
      }
    }
    for (const [id, { account, outcome }] of this.#payments) {
      const where = received.get(id);
      if (where !== undefined && where !== account) {
        breaches.push(`'${id}' ran at '${where}' in place of '${account}'`);
      }
      if (outcome === "pending") breaches.push(`'${id}' has not settled`);
      if (outcome === "paid" && where === undefined) {
        breaches.push(`'${id}' was acknowledged and is lost`);
      }
      if (outcome === "not run" && where !== undefined) {
        breaches.push(`'${id}' was told not to have run, and has`);
      }
    }
    for (const id of received.keys()) {
      if (!this.#payments.has(id)) breaches.push(`Nobody has begun '${id}'`);
    }
    return breaches;
  }
}
