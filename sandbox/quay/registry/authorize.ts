import type { Request } from "express";
import { type Identity, mayCreate, mayUse } from "../access.ts";
import { json, type Answer } from "../answers.ts";
import type { Repository } from "../model.ts";
import type { State } from "../state.ts";
import { login } from "./login.ts";
import { accessDenied, registryError } from "./refusals.ts";
import { type Access, type Action, actions, type TokenSigner } from "./tokens.ts";

export interface Authorized {
    readonly identity: Identity;
    readonly answer: Answer;
}

/**
 * `GET /v2/auth`: issues a token with those of the requested actions that the caller may do,
 * possibly none. A push to a missing repository creates it here, before anything is uploaded.
 */
export async function authorize(
    state: State,
    signer: TokenSigner,
    request: Request,
    url: string,
): Promise<Authorized> {
    const identity = await login(state, signer, request, url);
    const asked = new URL(request.originalUrl, url).searchParams
        .getAll("scope")
        .filter((scope) => scope !== "");
    if (identity.username === undefined && asked.length === 0) throw accessDenied(url);
    const access = asked.map((scope) => grant(state, identity, scope));
    return {
        identity,
        answer: json(200, { token: await signer.forRegistry(identity.username, access) }),
    };
}

function grant(state: State, identity: Identity, scope: string): Access {
    const [, path = "", list = ""] =
        /^repository:([\w.-]+(?:\/[\w.-]+)+):((?:push|pull|\*)(?:,(?:push|pull|\*))*)$/.exec(
            scope,
        ) ?? [];
    if (path === "")
        throw registryError(
            400,
            "INVALID_REQUEST",
            `Unable to decode repository and actions: ${scope}`,
        );
    const [namespace = "", ...rest] = path.split("/");
    const name = rest.join("/");
    const asked = actions.filter((action) => list.split(",").includes(action));
    const repository =
        state.repository(namespace, name) ??
        (asked.includes("push") ? pushed(state, identity, namespace, name) : undefined);
    const granted = asked.filter(
        (action) => repository !== undefined && isGranted(state, identity, repository, action),
    );
    return { name: path, actions: granted };
}

/** Creates a repository for a push: private, without a description. */
function pushed(
    state: State,
    identity: Identity,
    namespace: string,
    name: string,
): Repository | undefined {
    if (
        identity.username === undefined ||
        !mayCreate(state, identity, namespace) ||
        !state.accounts.has(namespace)
    )
        return undefined;
    return state.createRepository(namespace, name, identity.username, {
        description: null,
        isPublic: false,
    });
}

/** Returns whether an action is granted. Nobody can push to a read-only or mirrored repository. */
function isGranted(
    state: State,
    identity: Identity,
    { namespace, name, ...repository }: Repository,
    action: Action,
): boolean {
    if (action === "pull") return mayUse(state, identity, namespace, name, "read");
    return (
        repository.state === "NORMAL" &&
        mayUse(state, identity, namespace, name, action === "push" ? "write" : "admin")
    );
}
