import type { Request, Response } from "express";
import type { Faults } from "../faults.ts";
import { parameter } from "../send.ts";
import type { Features, Repository } from "../model.ts";
import type { State } from "../state.ts";
import type { Traffic } from "../traffic.ts";
import type { Distribution } from "./distribution.ts";
import type { RepositoryLookups } from "./lookups.ts";
import { accessDenied, nameUnknown } from "./refusals.ts";
import type { Bearer, TokenSigner } from "./tokens.ts";

/** The parts of the server that the registry uses. */
export interface RegistryContext {
    readonly state: State;
    readonly features: Features;
    readonly url: string;
    readonly signer: TokenSigner;
    readonly distribution: Distribution;
    readonly lookups: RepositoryLookups;
    readonly traffic: Traffic;
    readonly faults: Faults;
}

/** One authorized request for a repository. */
export interface Visit {
    readonly context: RegistryContext;
    readonly repository: Repository;
    readonly bearer: Bearer | undefined;
    readonly request: Request;
    readonly response: Response;
}

/**
 * Authorizes a request by its token's actions on the repository. Everybody may pull a public one.
 */
export async function permit(
    context: RegistryContext,
    request: Request,
    response: Response,
    action: "pull" | "push",
): Promise<Visit> {
    const name = parameter(request, "repository");
    const bearer = await bearerOf(context, request, response);
    const repository = context.state.repositories.get(name);
    const isOpen = action === "pull" && repository?.isPublic === true;
    if (!isOpen && !grants(bearer, name, action)) {
        throw accessDenied(
            context.url,
            `repository:${name}:${action === "pull" ? "pull" : "pull,push"}`,
        );
    }
    if (repository === undefined) throw nameUnknown();
    return { context, repository, bearer, request, response };
}

/** Reads the registry token of a request. */
export async function bearerOf(
    { signer, traffic }: RegistryContext,
    request: Request,
    response: Response,
): Promise<Bearer | undefined> {
    const [, token] = /^bearer (.+)$/i.exec(request.get("authorization") ?? "") ?? [];
    const bearer = token === undefined ? undefined : await signer.readRegistryToken(token);
    traffic.identify(response, bearer?.username);
    return bearer;
}

export function grants(
    bearer: Bearer | undefined,
    repository: string,
    action: "pull" | "push",
): boolean {
    return (
        bearer?.access.some(
            ({ name, actions }) => name === repository && actions.includes(action),
        ) === true
    );
}
