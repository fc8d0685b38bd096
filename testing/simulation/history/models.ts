import type { Model, OperationCall, Outcome } from "./model.ts";
import { stableKey } from "./_stable_key.ts";

/** The operations of a {@linkcode register}. */
export type RegisterOperation<T> =
  | {
    readonly name: "read";
    readonly input: undefined;
    readonly output: T | null | undefined;
  }
  | {
    readonly name: "write";
    readonly input: T;
    readonly output: unknown;
  }
  | {
    readonly name: "compareAndSet";
    readonly input: { readonly expected: T | null; readonly value: T };
    readonly output: boolean;
  };

/**
 * Returns the model of a single value with `read`, `write`, and
 * `compareAndSet`, which returns whether the value was `expected` and has been
 * replaced.
 */
export function register<T>(
  initial: T | null = null,
): Model<T | null, RegisterOperation<T>> {
  return {
    name: "register",
    init: () => initial,
    step: (state, { name, input }) => {
      switch (name) {
        case "read":
          return [{ state, output: state }];
        case "write":
          return [{ state: input }];
        case "compareAndSet":
          return compareAndSet(state, input);
      }
    },
  };
}

/** The operations of a {@linkcode keyValue} store. */
export type KeyValueOperation<T> =
  | {
    readonly name: "get";
    readonly input: { readonly key: string };
    readonly output: T | null | undefined;
  }
  | {
    readonly name: "set";
    readonly input: { readonly key: string; readonly value: T };
    readonly output: unknown;
  }
  | {
    readonly name: "delete";
    readonly input: { readonly key: string };
    readonly output: unknown;
  }
  | {
    readonly name: "compareAndSet";
    readonly input: {
      readonly key: string;
      readonly expected: T | null;
      readonly value: T;
    };
    readonly output: boolean;
  };

/**
 * Returns the model of a map, empty at first, with `get`, `set`, `delete` and
 * `compareAndSet`. Each key is checked separately.
 */
export function keyValue<T>(): Model<T | null, KeyValueOperation<T>> {
  return {
    name: "key-value",
    init: () => null,
    partition: ({ input }) => input.key,
    step: (state, { name, input }) => {
      switch (name) {
        case "get":
          return [{ state, output: state }];
        case "set":
          return [{ state: input.value }];
        case "delete":
          return [{ state: null }];
        case "compareAndSet":
          return compareAndSet(state, input);
      }
    },
  };
}

function compareAndSet<T>(
  state: T | null,
  { expected, value }: { readonly expected: T | null; readonly value: T },
): Outcome<T | null>[] {
  return stableKey(state) === stableKey(expected)
    ? [{ state: value, output: true }]
    : [{ state, output: false }];
}

/**
 * The operations of a {@linkcode mutex}. Their input is the name of the lock,
 * or `undefined` if there is only one lock.
 */
export type MutexOperation =
  | {
    readonly name: "acquire";
    readonly input: string | undefined;
    readonly output: unknown;
  }
  | {
    readonly name: "tryAcquire";
    readonly input: string | undefined;
    readonly output: boolean;
  }
  | {
    readonly name: "release";
    readonly input: string | undefined;
    readonly output: unknown;
  };

/**
 * Returns the model of locks with one owner each: `acquire` returns once the
 * client owns the lock, `tryAcquire` returns whether it does, and only the
 * owner may `release`. The state is the owner.
 */
export function mutex(): Model<string | null, MutexOperation> {
  return {
    name: "mutex",
    init: () => null,
    partition: ({ input }) => input ?? "",
    step: (owner, { client, name }) => {
      switch (name) {
        case "acquire":
          return owner === null ? [{ state: client }] : [];
        case "tryAcquire":
          return owner === null
            ? [{ state: client, output: true }]
            : [{ state: owner, output: false }];
        case "release":
          return owner === client ? [{ state: null }] : [];
      }
    },
  };
}

/** The operations of a {@linkcode queue}. */
export type QueueOperation<T> =
  | {
    readonly name: "enqueue";
    readonly input: T;
    readonly output: unknown;
  }
  | {
    readonly name: "dequeue";
    readonly input: undefined;
    readonly output: T | null | undefined;
  };

/**
 * Returns the model of a first-in, first-out queue: `enqueue`, and `dequeue`,
 * which returns `null` or `undefined` if the queue is empty.
 */
export function queue<T>(): Model<readonly T[], QueueOperation<T>> {
  return {
    name: "queue",
    init: () => [],
    step: (items, operation: OperationCall<QueueOperation<T>>) => {
      switch (operation.name) {
        case "enqueue":
          return [{ state: [...items, operation.input] }];
        case "dequeue":
          return [{ state: items.slice(1), output: items[0] }];
      }
    },
  };
}
