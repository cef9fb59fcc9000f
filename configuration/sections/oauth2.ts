/** `mlops:oauth2`: whose access tokens (RFC 9068) the service accepts. */
import { z } from "zod";
import { text } from "./values.ts";

/**
 * The issuer, or `none` where the service takes no tokens. The schema takes null in the place of
 * `none`: a union would hide the problems of an issuer.
 */
export const oauth2 = z
    .strictObject(
        {
            issuer: z
                .string()
                .refine(
                    (issuer) => /^https?:\/\/\S+$/i.test(issuer) && URL.canParse(issuer),
                    "must be an http(s) URL",
                )
                .describe(
                    "The token's `iss`, as in https://tenant.eu.auth0.com/. The service gets " +
                        "it as " +
                        "OAUTH2_ISSUER.",
                ),
            audience: text.describe("The token's `aud`. The service gets it as OAUTH2_AUDIENCE."),
            jwksUri: text
                .refine(isHttp, "must be an http(s) URL, or relative to the issuer")
                .default(".well-known/jwks.json")
                .describe(
                    "Where the issuer's keys are: a URL, or a path relative to the issuer. The " +
                        "service gets it as OAUTH2_JWKS_URI. Default: `.well-known/jwks.json`.",
                ),
        },
        {
            error: ({ code }) =>
                code === "invalid_type" ? "must be none, or an issuer and an audience" : undefined,
        },
    )
    .nullable()
    .transform((issuer) => issuer ?? ("none" as const))
    .optional()
    .describe(
        "The issuer whose access tokens the service accepts, or `none`: it accepts no tokens. " +
            "Default: an identity provider that a local stack runs.",
    );

/** Replaces `none` by null, for the schema; and null, which a file may not say, by a text. */
export function nullForNone(value: unknown): unknown {
    return value === "none" ? null : (value ?? "null");
}

/** Whether a text is an HTTP URL or a path. */
function isHttp(value: string): boolean {
    return !/^[a-z][a-z0-9+.-]*:/i.test(value) || /^https?:\/\/[^\s/]+\S*$/i.test(value);
}
