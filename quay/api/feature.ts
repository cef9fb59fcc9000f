import type { QuayClient } from "./client.ts";
import { QuayError, RefusedError } from "./errors.ts";

/**
 * Runs requests to routes that exist only if a feature of Quay is enabled.
 *
 * @param what the purpose of the routes, for the error message: `mirrors`
 * @throws QuayError that names the feature if it is disabled: Quay then answers 308, 404 or 405.
 */
export async function withFeature<T>(
    { site }: QuayClient,
    what: string,
    feature: string,
    run: () => Promise<T>,
): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        const { status, deliberate } = error.refusal;
        if (status !== 405 && (deliberate || ![308, 404].includes(status))) throw error;
        throw new QuayError(
            `Quay at ${site.url} has no ${what}: ${feature} is switched off there, or it is too ` +
                "old.",
        );
    }
}
