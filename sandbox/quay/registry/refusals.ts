import { json, page, Refusal } from "../answers.ts";

/** An error of the registry API: `{"errors":[{code, detail, message}]}`. */
export function registryError(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
): Refusal {
    return new Refusal(() => json(status, { errors: [{ code, detail: {}, message }] }, headers));
}

export const challenge = (url: string, scope?: string): string =>
    `Bearer realm="${url}/v2/auth",service="${new URL(url).host}"` +
    (scope === undefined ? "" : `,scope="${scope}"`);

/** Denies access. Forbidden, missing and read-only repositories give the same answer. */
export function accessDenied(url: string, scope?: string): Refusal {
    return registryError(
        401,
        "UNAUTHORIZED",
        "access to the requested resource is not authorized",
        {
            "WWW-Authenticate": challenge(url, scope),
        },
    );
}

export const badLogin = (url: string, text: string): Refusal =>
    registryError(401, "UNAUTHORIZED", text, { "WWW-Authenticate": challenge(url) });

export const manifestUnknown = (): Refusal =>
    registryError(404, "MANIFEST_UNKNOWN", "manifest unknown");
export const manifestInvalid = (): Refusal =>
    registryError(400, "MANIFEST_INVALID", "manifest invalid");
/** A name that cannot be a tag matches none of Quay's routes. */
export const noSuchPage = (): Refusal => new Refusal(() => page(404, "Not Found"));
export const nameUnknown = (): Refusal =>
    registryError(404, "NAME_UNKNOWN", "repository name not known to registry");
export const tagImmutable = (tag: string): Refusal =>
    registryError(409, "TAG_IMMUTABLE", `tag '${tag}' is immutable`);
