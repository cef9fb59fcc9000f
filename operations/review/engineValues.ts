/** Special values in the engine's JSON (pulumi/sdk/go/common/resource). */
import { z } from "zod";
import type { Value } from "./preview.ts";
import { isObject } from "./properties.ts";

/** The key that tells a special value from an object. */
export const signature = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
export const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** A value that is known only during the deployment. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const clearSecret = z.object({
    [signature]: z.literal(secretSignature),
    plaintext: z.string().transform((text) => z.json().parse(JSON.parse(text))),
});

/**
 * Returns the value of a secret in clear, as `--show-secrets` prints it, in an object; undefined
 * for any other value.
 *
 * @throws ZodError where the secret is encrypted
 */
export function secretIn(value: Value): { readonly clear: Value } | undefined {
    if (!isObject(value) || value[signature] !== secretSignature) return undefined;
    return { clear: clearSecret.parse(value).plaintext };
}
