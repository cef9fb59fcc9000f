import type { QuayClient } from "../api/client.ts";
import { QuayError, RefusedError, UnansweredError } from "../api/errors.ts";
import type { Context } from "./context.ts";

/**
 * Sends the request that creates something, twice at most. Where no answer came, or the server failed
 * on the way, it may have been created all the same: that is looked up before it is sent again.
 *
 * @param lookUp what is there, if it is just what was asked for.
 */
export async function createOnce<T>(
    api: QuayClient,
    send: () => Promise<T>,
    lookUp: () => Promise<T | undefined>,
): Promise<T> {
    await api.account(); // without an answer to this, nothing was sent that could have created anything
    for (let isRepeated = false; ; isRepeated = true) {
        try {
            return await send();
        } catch (error) {
            // A first request that was only slow is done by now: the second is told that it exists.
            if (!isInDoubt(error) && !isRepeated) throw error;
            const found = await lookUp();
            if (found !== undefined) return found;
            if (!(error instanceof UnansweredError) || isRepeated) throw error;
        }
    }
}

/** Whether a request that failed like this may have taken effect. */
function isInDoubt(error: unknown): boolean {
    return (
        error instanceof UnansweredError ||
        (error instanceof RefusedError && error.refusal.status >= 500 && !error.refusal.deliberate)
    );
}

/**
 * Deletes something. That the request was refused, or not answered, is no error where it is gone:
 * for routes that have many ways to say so.
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

/** Something with this name exists, and nobody said that it is this program's. */
export function existsAlready(what: string, id: string, { importCommand }: Context): QuayError {
    return new QuayError(
        `${what} exists already, and nothing was changed. To manage it with this program run:\n    ${importCommand(id)}\n` +
            `or add the resource option {import: "${id}"} for one \`pulumi up\`.`,
    );
}

/** Something is set, to another value than this program wants, by someone else. */
export function setDifferently(
    what: string,
    is: string,
    wanted: string,
    id: string,
    { importCommand }: Context,
): QuayError {
    return new QuayError(
        `${what} is ${is}, and this program wants ${wanted}: someone else has set it, and nothing was changed. Remove it in Quay, or take it ` +
            `over with:\n    ${importCommand(id)}`,
    );
}

/** An id that `pulumi import` was given and that cannot be one. */
export function badId(
    id: string,
    importId: { readonly format: string; readonly example: string },
): QuayError {
    return new QuayError(
        `"${id}" is not an id of this type: write ${importId.format}, as in ${importId.example}.`,
    );
}
