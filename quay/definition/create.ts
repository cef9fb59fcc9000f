import type { QuayClient } from "../api/client.ts";
import { QuayError, RefusedError, UnansweredError } from "../api/errors.ts";
import type { Context } from "./context.ts";

/**
 * Sends a request that creates something, at most twice. If no answer came or the server failed, it
 * may have been created: that is looked up before the request is repeated.
 *
 * @param lookUp returns the created object if it exists and equals the requested one.
 */
export async function createOnce<T>(
    api: QuayClient,
    send: () => Promise<T>,
    lookUp: () => Promise<T | undefined>,
): Promise<T> {
    await api.account(); // If this fails, nothing that could create anything was sent.
    for (let isRepeated = false; ; isRepeated = true) {
        try {
            return await send();
        } catch (error) {
            // A first request that was only slow has succeeded by now, and the second fails with
            // "exists".
            if (!isInDoubt(error) && !isRepeated) throw error;
            const found = await lookUp();
            if (found !== undefined) return found;
            if (!(error instanceof UnansweredError) || isRepeated) throw error;
        }
    }
}

/** Whether a failed request may have taken effect. */
function isInDoubt(error: unknown): boolean {
    return (
        error instanceof UnansweredError ||
        (error instanceof RefusedError && error.refusal.status >= 500 && !error.refusal.deliberate)
    );
}

/**
 * Deletes something. A refused or unanswered request is no error if the object no longer exists.
 * For routes that report "not found" in many ways.
 */
export async function deleteIfThere(
    send: () => Promise<unknown>,
    isThere: () => Promise<boolean>,
): Promise<void> {
    try {
        await send();
    } catch (error) {
        const failed = error instanceof RefusedError || error instanceof UnansweredError;
        if (!failed || (await isThere())) throw error;
    }
}

/** Returns the error for an object that exists and is not managed by this program. */
export function existsAlready(what: string, id: string, { importCommand }: Context): QuayError {
    return new QuayError(
        `${what} exists already, and nothing was changed. To manage it with this program run:\n ` +
            `   ${importCommand(id)}\n` +
            `or add the resource option {import: "${id}"} for one \`pulumi up\`.`,
    );
}

/** Returns the error for a setting that someone else has set to another value. */
export function setDifferently(
    what: string,
    is: string,
    wanted: string,
    id: string,
    { importCommand }: Context,
): QuayError {
    return new QuayError(
        `${what} is ${is}, and this program wants ${wanted}: someone else has set it, and ` +
            "nothing was changed. Remove it in Quay, or take it " +
            `over with:\n    ${importCommand(id)}`,
    );
}

/** Returns the error for an id that is invalid in `pulumi import`. */
export function badId(
    id: string,
    importId: { readonly format: string; readonly example: string },
): QuayError {
    return new QuayError(
        `"${id}" is not an id of this type: write ${importId.format}, as in ${importId.example}.`,
    );
}
