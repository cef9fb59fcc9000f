import type { QuayClient } from "./client.ts";
import { QuayError, RefusedError, UnansweredError } from "./errors.ts";
import type { Context } from "./resource.ts";

/**
 * Sends the request that creates something. Where no answer came it may have been created nevertheless, so that is looked up before
 * anything is sent again: `lookUp` gives what is there, if it is just what was asked for.
 */
export async function createOnce<T>(
    api: QuayClient,
    send: () => Promise<T>,
    lookUp: () => Promise<T | undefined>,
): Promise<T> {
    await api.account(); // without an answer to this, nothing was sent that could have created anything
    try {
        return await send();
    } catch (error) {
        if (!(error instanceof UnansweredError)) throw error;
        return (await lookUp()) ?? (await send());
    }
}

/** Deletes something; a refusal is none where it is gone already. For routes whose words for that are many. */
export async function deleteIfThere(
    send: () => Promise<unknown>,
    isThere: () => Promise<boolean>,
): Promise<void> {
    try {
        await send();
    } catch (error) {
        if (!(error instanceof RefusedError) || (await isThere())) throw error;
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
