/**
 * The part of the Standard Schema interface, version 1, that is used here.
 * Schemas of zod, valibot, arktype and others implement it:
 * {@link https://standardschema.dev}.
 */
export interface StandardSchema<Output = unknown> {
  /** The members of the interface. */
  readonly "~standard": {
    /** Holds the input and output types; absent at run time. */
    readonly types?:
      | { readonly input: unknown; readonly output: Output }
      | undefined;
    /** The version of the interface. */
    readonly version: 1;
    /** The library that created the schema. */
    readonly vendor: string;
    /** Checks a value, and may transform it. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** The input type of a schema. */
export type InputOf<Schema> = SchemaTypes<Schema>["input"];

/** The output type of a schema. */
export type OutputOf<Schema> = SchemaTypes<Schema>["output"];

/** The schema of an argument that is a stream. */
export interface StreamSchema {
  /** The schema of each item. An item that does not fit ends the stream. */
  readonly items: StandardSchema;
}

/** The schemas of arguments, by position. */
export type ArgumentSchemas = readonly (StandardSchema | StreamSchema)[];

/** The output types of the schemas, by position. */
export type Outputs<Args extends ArgumentSchemas> = {
  -readonly [K in keyof Args]: OutputOf<Args[K]>;
};

/** The type that a method may return. */
export type HandlerResult<R, Result, Items> = Items extends StandardSchema
  ? Eventual<AsyncIterable<InputOf<Items>>>
  : Result extends StandardSchema ? Eventual<InputOf<Result>>
  : R;

/** A value, or a promise of one. */
export type Eventual<T> = T | Promise<T>;

/** The input and output types of a schema, or of a stream with item schema. */
export type SchemaTypes<Schema> = Schema extends TypedSchema
  ? NonNullable<Schema["~standard"]["types"]>
  : Schema extends { readonly items: infer Item extends TypedSchema } ? {
      input: AsyncIterable<InputOf<Item>>;
      output: AsyncIterable<OutputOf<Item>>;
    }
  : never;

/**
 * The part of a schema that declares its types. Reading them here, instead of
 * inferring them, saves the compiler an eighth of the instantiations.
 */
export interface TypedSchema {
  /** The members of the interface. */
  readonly "~standard": {
    /** The input and output types. */
    readonly types?:
      | { readonly input: unknown; readonly output: unknown }
      | undefined;
    /** The version of the interface. */
    readonly version: 1;
  };
}

/**
 * The schemas of the data of errors, by code; `null` for an error without data.
 */
export type ErrorSchemas = Readonly<Record<string, StandardSchema | null>>;

/** The result of checking a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** An error that a schema has found. */
export interface SchemaIssue {
  /** The description of the error. */
  readonly message: string;
  /** The keys that lead to the bad part of the value. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}
