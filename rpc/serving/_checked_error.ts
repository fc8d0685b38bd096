import { printable } from "../../transports/printable.ts";
import { isInstance } from "../_failure.ts";
import { ServiceError, ValidationError } from "../errors.ts";
import type { ErrorSchemas } from "../service/schemas.ts";
import { check } from "./_schema_check.ts";

/**
 * Checks an error of the method at `path`. Returns the error with its data as
 * output by the schema for its code, or the error itself if its code is not
 * `declared`. If the data does not fit, returns a `ValidationError` with the
 * error as its cause.
 */
export async function checkedError(
  path: string,
  declared: ErrorSchemas | undefined,
  error: unknown,
): Promise<unknown> {
  if (declared === undefined || !isInstance(error, ServiceError)) return error;
  const { code, data, message, name, cause, stack } = error;
  if (!Object.hasOwn(declared, code)) return error;
  const schema = declared[code]!;
  const what = `Cannot answer '${
    printable(path)
  }': the data of its error '${code}'`;
  try {
    const checked = schema === null
      ? undefined
      : (await check("error", what, schema, data)).value;
    if (Object.is(checked, data)) return error;
    const told = new ServiceError(message, { code, data: checked, cause });
    return Object.assign(told, { name, stack });
  } catch (mismatch) {
    if (isInstance(mismatch, ValidationError)) mismatch.cause = error;
    return mismatch;
  }
}
