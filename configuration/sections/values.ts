/** Kinds of values that keys of several sections have. */
import { z } from "zod";
import { isTag } from "../../components/docker/reference.ts";
import { compileTagPattern } from "../../quay/api/tagPattern.ts";

/** A TCP port. */
export const port = z.int().min(1).max(65535);

/** The name of an environment variable. */
export const variableName = z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable name: letters, digits, underscores");

/** Text in one line, without control characters. */
export const text = z
    .string()
    .regex(/^[^\u0000-\u001f\u007f-\u009f]+$/, "must be text in one line, not empty");

/** A regular expression for tags. */
export const pattern = text
    .max(256, "must have at most 256 characters")
    .refine(
        (value) => compileTagPattern(value) !== undefined,
        "must be a regular expression, as Python has them",
    );

/** The tag of an image. */
export const tag = z
    .string()
    .refine(isTag, "must be an image tag: letters, digits, . _ -, at most 128 characters");

/**
 * A day, YYYY-MM-DD. Without quotes YAML reads a time, which the CLI writes in a format of its own.
 */
export const day = z
    .string()
    .transform((given) => given.replace(/ 00:00:00 \+0000 UTC$/, ""))
    .pipe(z.iso.date("must be a day, YYYY-MM-DD"));
