/**
 * The part of the Standard Schema interface, version 1, that is used here.
 * Schemas of zod, valibot, arktype and others have it:
 * {@link https://standardschema.dev}.
 */
export interface StandardSchema<Output = unknown> {
  /** Everything of the interface is in here. */
  readonly "~standard": {
    /** The version of the interface. */
    readonly version: 1;
    /** Who made the schema. */
    readonly vendor: string;
    /** Checks a value, and may change it. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What a schema found wrong. */
export interface SchemaIssue {
  /** What, in words. */
  readonly message: string;
  /** Where in the value. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}
