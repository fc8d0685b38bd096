/** What a worker does. */
export interface WorkerTask {
  /** The NATS servers of one cluster. */
  readonly addresses: readonly string[];
  readonly writer: string;
  readonly accounts: number;
  /** How many payments are made at a time. */
  readonly callers: number;
  readonly leaseMs: number;
}

/** What a worker prints. */
export type WorkerLine =
  | { readonly kind: "joined" | "settled" | "read" }
  | { readonly kind: "begun"; readonly id: string; readonly account: string }
  | { readonly kind: "paid"; readonly id: string }
  | {
    readonly kind: "failed";
    readonly id: string;
    /** Whether the error says that it cannot have run. */
    readonly hasNotRun: boolean;
    readonly name: string;
  }
  | {
    readonly kind: "account";
    readonly account: string;
    readonly payments: readonly string[];
  };

/** What is known of one payment. */
interface Payment {
  readonly account: string;
  outcome: "pending" | "paid" | "lost" | "not run";
}

/** What became of all payments, by those who made them and by the accounts. */
export class Books {
  readonly #payments = new Map<string, Payment>();
  readonly #accounts = new Map<string, readonly string[]>();
  /** How many payments failed, by the class of the error. */
  readonly errors = new Map<string, number>();
  joined = 0;

  /** Enters what a worker has printed. */
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

  /** How many payments had each outcome. */
  get counts(): Record<Payment["outcome"], number> {
    const counts = { pending: 0, paid: 0, lost: 0, "not run": 0 };
    for (const { outcome } of this.#payments.values()) counts[outcome]++;
    return counts;
  }

  /** How many payments the accounts have. */
  get received(): number {
    return [...this.#accounts.values()].flat().length;
  }

  /** Returns what does not balance. */
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
