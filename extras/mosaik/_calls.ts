import { describeValue } from "../../channel/message.ts";
import { isRecord } from "../../rpc/internal.ts";
import type { Inputs, OutputRequest } from "./data.ts";

/** The keyword arguments of a call. */
export type Kwargs = Readonly<Record<string, unknown>>;

/** A kind of argument. */
interface Kind<T> {
  readonly wanted: string;
  readonly fits: (value: unknown) => value is T;
}

/** A call of mosaik, which checks its arguments before it runs. */
export type Call = (args: readonly unknown[], kwargs: Kwargs) => unknown;

export const text: Kind<string> = {
  wanted: "text",
  fits: (value) => typeof value === "string",
};

export const number: Kind<number> = {
  wanted: "a number",
  fits: (value) => typeof value === "number",
};

export const count: Kind<number> = {
  wanted: "an integer from 0",
  fits: (value): value is number =>
    Number.isSafeInteger(value) && value as number >= 0,
};

export const inputs: Kind<Inputs> = {
  wanted: "an object",
  fits: (value): value is Inputs => isRecord(value),
};

export const outputRequest: Kind<OutputRequest> = {
  wanted: "lists of names by entity",
  fits: (value): value is OutputRequest =>
    isRecord(value) && Object.values(value).every(Array.isArray),
};

/** Returns a call of `name` that runs `run` with arguments of these kinds. */
export function makeCall<Args extends readonly unknown[]>(
  name: string,
  takes: { readonly [Index in keyof Args]: Kind<Args[Index]> },
  run: (args: Args, kwargs: Kwargs) => unknown,
): Call {
  return (args, kwargs) => {
    for (const [index, { wanted, fits }] of takes.entries()) {
      if (fits(args[index])) continue;
      const which = `argument ${index + 1}`;
      throw wrongValue(`call '${name}'`, which, args[index], wanted);
    }
    return run(args as unknown as Args, kwargs);
  };
}

/** Returns the error about a value of the wrong kind. */
export function wrongValue(
  act: string,
  what: string,
  value: unknown,
  wanted: string,
): TypeError {
  return new TypeError(
    `Cannot ${act}: ${what} is ${describeValue(value)}, wanted ${wanted}`,
  );
}
