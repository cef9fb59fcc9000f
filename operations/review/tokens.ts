/** The tokens that a deployment needs, and a preview does not. */
import { configIn } from "../../configuration/delivery.ts";
import type { Preview } from "./preview.ts";

/**
 * Says which of them `up` will miss, after previews that passed without.
 *
 * @returns one sentence; undefined if nothing is missing, or nothing would change
 */
export function missingTokens(
    previews: readonly Preview[],
    env: NodeJS.ProcessEnv,
): string | undefined {
    const needed = previews
        .filter(({ errors, changes }) => errors.length === 0 && changes.length > 0)
        .flatMap(({ stack }) => tokensOf(configIn(stack)));
    const missing = [...new Set(needed)].filter((name) => !env[name]);
    return missing.length === 0
        ? undefined
        : `\`pulumi up\` needs what is not set here: ${missing.join(" and ")}.`;
}

/** The names of the environment variables with a stack's tokens. */
function tokensOf(config: Readonly<Record<string, unknown>>): string[] {
    const { "quay:tokenVariable": given } = config;
    const quay = typeof given === "string" ? given : "QUAY_TOKEN";
    return [
        ...("mlops:quay" in config ? [quay] : []),
        ...("mlops:github" in config ? ["GITHUB_TOKEN"] : []),
    ];
}
