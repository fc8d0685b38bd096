import { type DeclaresErrors, ServiceError } from "../errors.ts";
import type {
  ErrorSchemas,
  InputOf,
  OutputOf,
  StandardSchema,
} from "./schemas.ts";

/** The part of a method's type that declares its errors. */
export type Declared<Errors> = Errors extends ErrorSchemas ? DeclaresErrors<
    {
      readonly [Code in keyof Errors]: Errors[Code] extends StandardSchema
        ? OutputOf<Errors[Code]>
        : undefined;
    }
  >
  : unknown;

/** Functions that create the errors that a method declares, by code. */
export type ErrorMakers<Errors extends ErrorSchemas> = {
  readonly [Code in keyof Errors]: (
    message: string,
    ...data: ErrorData<Errors[Code]>
  ) => ServiceError;
};

/**
 * The data of an error as a rest parameter, optional if the schema allows
 * `undefined`.
 */
export type ErrorData<Schema> = Schema extends StandardSchema
  ? undefined extends InputOf<Schema> ? [data?: InputOf<Schema>]
  : [data: InputOf<Schema>]
  : [];

/**
 * Creates errors with any code. The types restrict the codes to declared ones.
 */
export const errorMakers: object = new Proxy({}, {
  get: (_target, code) => (message: string, data?: unknown) =>
    new ServiceError(message, { code: String(code), data }),
});
