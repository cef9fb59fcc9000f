import { z } from "zod";
import type { ClientOptions } from "../api/client.ts";
import { QuayError } from "../api/errors.ts";
import { checkProperties } from "../definition/check.ts";
import type { Checked } from "../definition/check.ts";
import { plain } from "../definition/values.ts";
import type { Properties } from "../definition/values.ts";

const defaultUrl = "https://quay.io";
const defaultTokenVariable = "QUAY_TOKEN";

const url = z
    .url({
        protocol: /^https?$/,
        error: "must be the web address of a Quay, as in https://quay.io.",
    })
    .refine(
        (url) => URL.canParse(url) && new URL(url).pathname === "/",
        "must be an address without a path, as in https://quay.io.",
    );

/**
 * The settings of the provider. The token is not one of them: they are stored in the state in plain
 * text, and a new token would be a change of the provider in every preview.
 */
export const settings = {
    url: url
        .optional()
        .describe(
            "The URL of Quay's website. Default: the environment variable QUAY_URL, else " +
                "https://quay.io.",
        ),
    tokenVariable: z
        .string()
        // Requires an underscore, which no token has: a token set here by mistake is refused before
        // it is stored anywhere.
        .regex(
            /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/,
            "must be the NAME of an environment variable in capitals with an underscore, " +
                "as in QUAY_TOKEN_STAGING; never a token.",
        )
        .optional()
        .meta({
            concealed: true,
            description:
                "The NAME of the environment variable that holds the API token: two providers " +
                "with two names serve two accounts. Default: QUAY_TOKEN.",
        }),
    maxParallelRequests: z.coerce
        .number("must be a number.")
        .int("must be a whole number.")
        .min(1, "must be from 1 to 64.")
        .max(64, "must be from 1 to 64.")
        .optional()
        .describe("The maximum number of concurrent requests to Quay. Default: 8."),
};
const settingsSchema = z.object(settings);

/** The settings that the engine adds. */
const ofTheEngine = new Set([
    "version",
    "pluginDownloadURL",
    "pluginChecksums",
    "parameterization",
    "envVarMappings",
]);

/**
 * Checks the provider's settings. Fills in no defaults: they belong to the machine, not to the
 * state.
 */
export function checkSettings(properties: Properties): Checked {
    const kept = Object.entries(properties).filter(
        ([key]) => ofTheEngine.has(key) || key.startsWith("__"),
    );
    const own = Object.fromEntries(
        Object.entries(properties).filter(([key]) => !ofTheEngine.has(key)),
    );
    if (Object.hasOwn(own, "token")) {
        const failure =
            "the token is no setting, which would be stored: put it in the environment variable " +
            "QUAY_TOKEN, and run `pulumi config rm quay:token`.";
        return { inputs: {}, failures: [failure] };
    }
    const { inputs, failures } = checkProperties(settings, own);
    return { inputs: { ...inputs, ...Object.fromEntries(kept) }, failures };
}

/** Returns the options of the API client, from the settings and the environment. */
export function clientOptions(
    properties: Properties,
    environment: NodeJS.ProcessEnv,
    signal: AbortSignal,
): ClientOptions {
    const given = settingsSchema.parse(plain(properties));
    const fromEnvironment = environment["QUAY_URL"];
    const chosen =
        given.url ??
        (fromEnvironment === undefined || fromEnvironment === "" ? defaultUrl : fromEnvironment);
    const parsed = url.safeParse(chosen);
    if (!parsed.success)
        throw new QuayError(
            `QUAY_URL = ${JSON.stringify(chosen)}: ${parsed.error.issues[0]?.message ?? ""}`,
        );
    const { origin, host } = new URL(parsed.data);
    const tokenVariable = given.tokenVariable ?? defaultTokenVariable;
    return {
        site: { url: origin, host },
        tokenVariable,
        token: environment[tokenVariable],
        maxParallelRequests: given.maxParallelRequests ?? 8,
        signal,
    };
}
