import type { QuayClient } from "./client.ts";
import { QuayError, RefusedError } from "./errors.ts";

/**
 * Runs requests to routes that a Quay has only with a feature.
 *
 * @param what the routes are for: `mirrors`
 * @throws QuayError that names the feature where it is switched off: other routes answer then, with 308, 404 or 405.
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
            `Quay at ${site.url} has no ${what}: ${feature} is switched off there, or it is too old.`,
        );
    }
}
