import { z } from "zod";
import { ForbiddenError, notFound, QuayError, unless } from "../api/errors.ts";
import type { Context } from "./context.ts";

/** Returns the error of an update whose resource no longer exists. */
export function deletedOutside(name: string, id: string): QuayError {
    return new QuayError(
        `${name} ${id} is not on Quay any more: it was deleted outside of this program. ` +
            "Run `pulumi refresh`; the next `pulumi up` makes it again.",
    );
}

/** Whether a read finds nothing. A read that fails does not count. */
export async function isGone(read: () => Promise<unknown>): Promise<boolean> {
    try {
        return (await read()) === undefined;
    } catch (error) {
        if (error instanceof QuayError) return false;
        throw error;
    }
}

/**
 * Runs a request. Quay answers 403 for everything in a namespace that does not exist, so a resource
 * of a deleted organization is never reported as not found. The error then says how to remove the
 * resource from the state.
 */
export async function withForgetCommand<T>(
    name: string,
    id: string,
    { api, forgetCommand }: Context,
    run: () => Promise<T>,
    isImport = false,
): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (!(error instanceof ForbiddenError)) throw error;
        const { namespace } = error;
        if ((await api.kindOf(namespace)) === "user") throw error;
        const to = `look up the organization ${namespace}`;
        const organization = await unless(notFound, () =>
            api.get(`organization/${namespace}`, { to, scope: "org:admin" }, z.object({})),
        );
        if (organization !== undefined) throw error;
        const missing =
            `${name} ${id} cannot be reached: there is no organization ${namespace} on Quay at ` +
            `${api.site.url}.`;
        if (isImport) throw new QuayError(missing);
        throw new QuayError(
            `${missing} If it was deleted, remove what was in it from the state:\n` +
                `    ${forgetCommand}`,
        );
    }
}
