import { type DeclaresErrors, ServiceError } from "../errors.ts";
import type {
  ErrorSchemas,
  InputOf,
  OutputOf,
  StandardSchema,
} from "./schemas.ts";

/** What the type of a method says of the errors that it declares. */
export type Declared<Errors> = Errors extends ErrorSchemas ? DeclaresErrors<
    {
      readonly [Code in keyof Errors]: Errors[Code] extends StandardSchema
        ? OutputOf<Errors[Code]>
        : undefined;
    }
  >
  : unknown;

/** Functions that make the errors that a method declares, by their codes. */
export type ErrorMakers<Errors extends ErrorSchemas> = {
  readonly [Code in keyof Errors]: (
    message: string,
    ...data: ErrorData<Errors[Code]>
  ) => ServiceError;
};

/** The data of an error as an argument, optional if there need be none. */
export type ErrorData<Schema> = Schema extends StandardSchema
  ? undefined extends InputOf<Schema> ? [data?: InputOf<Schema>]
  : [data: InputOf<Schema>]
  : [];

/** Makes the errors of any method: the types know which ones it declares. */
export const errorMakers: object = new Proxy({}, {
  get: (_target, code) => (message: string, data?: unknown) =>
    new ServiceError(message, { code: String(code), data }),
});
