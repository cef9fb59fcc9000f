import { z } from "zod";
import { mayUse, rolesOn } from "../access.ts";
import { invalidRequest, json, notFound, nothing } from "../answers.ts";
import { type Features, type Repository, repositoryStates } from "../model.ts";
import { aliveTags, tagSize } from "../tags.ts";
import type { Call } from "./call.ts";
import { existing } from "./existing.ts";
import { route, type Route } from "./routes.ts";
import { tagSummary } from "./tags.ts";

const pageSize = 100;
const nameAllowed = /^[a-z0-9][.a-z0-9_-]*(\/[a-z0-9][.a-z0-9_-]*)*$/;
const visibility = z.enum(["public", "private"]);

const newRepository = z.object({
    repository: z.string(),
    visibility,
    description: z.string(),
    namespace: z.string().optional(),
    repo_kind: z.enum(["image", "application"]).nullish(),
});

/**
 * Repositories. Only the mirror feature has `changestate`; without it, that path is a repository's
 * name.
 */
export function repositoryRoutes(features: Features): readonly Route[] {
    return [
        route("get", "/repository", "repo:read", list),
        route("post", "/repository", "repo:create", create),
        route("post", "/repository/*repository/changevisibility", "repo:admin", (call) => {
            const { repository } = call.repository();
            const wanted = call.json(z.object({ visibility }));
            if (repository === undefined) return json(200, null);
            repository.isPublic = wanted.visibility === "public";
            return json(200, { success: true });
        }),
        ...(features.repositoryMirror
            ? [route("put", "/repository/*repository/changestate", "repo:admin", changeState)]
            : []),
    ];
}

/**
 * The routes whose path is the repository alone. They match every longer path too, so they come
 * last.
 */
export const wholeRepositoryRoutes: readonly Route[] = [
    route("get", "/repository/*repository", "repo:read", (call) =>
        json(200, view(call, existing(call))),
    ),
    route("put", "/repository/*repository", "repo:write", (call) => {
        const { repository } = call.repository();
        const { description } = call.json(z.object({ description: z.string() }));
        if (repository === undefined) throw notFound();
        repository.description = description;
        return json(200, { success: true });
    }),
    route("delete", "/repository/*repository", "repo:admin", (call) => {
        const { repository } = call.repository();
        if (repository !== undefined) call.state.deleteRepository(repository);
        return nothing();
    }),
];

function create(call: Call) {
    const body = call.json(newRepository);
    const namespace = call.creatable(body.namespace);
    if (call.state.repository(namespace, body.repository) !== undefined)
        throw invalidRequest("Repository already exists");
    if (!nameAllowed.test(body.repository) || body.repository.length > 255)
        throw invalidRequest("Invalid repository name");
    call.state.createRepository(namespace, body.repository, call.username, {
        description: body.description,
        isPublic: body.visibility === "public",
    });
    return json(201, { namespace, name: body.repository, kind: body.repo_kind ?? "image" });
}

function changeState(call: Call) {
    const { repository } = call.repository();
    const { state } = call.json(z.object({ state: z.enum(repositoryStates) }));
    if (repository === undefined) throw notFound();
    repository.state = state;
    return json(200, { success: true });
}

function list(call: Call) {
    const namespace = call.query("namespace");
    const includePublic = call.flag("public");
    if (namespace === undefined && !includePublic && !call.flag("starred")) {
        throw invalidRequest("Must specify a namespace, or ask for public or starred repositories");
    }
    const { username } = call.identity;
    const visible = [...call.state.repositories.values()].filter(
        (repository) =>
            (namespace === undefined || repository.namespace === namespace) &&
            !call.flag("starred") &&
            ((includePublic && repository.isPublic) ||
                (username !== undefined &&
                    rolesOn(call.state, username, repository.namespace, repository.name).length >
                        0)),
    );
    const start = pageStart(call.query("next_page"));
    const next =
        visible.length > start + pageSize ? { next_page: pageToken(start + pageSize) } : {};
    return json(200, {
        repositories: visible
            .slice(start, start + pageSize)
            .map((repository) => row(call, repository)),
        ...next,
    });
}

/** Creates a page token, opaque to clients. An invalid one silently means the first page. */
function pageToken(start: number): string {
    return Buffer.from(`start:${String(start)}`).toString("base64url");
}

function pageStart(token: string | undefined): number {
    const [, start = "0"] =
        /^start:(\d+)$/.exec(Buffer.from(token ?? "", "base64url").toString()) ?? [];
    return Number(start);
}

function row(call: Call, repository: Repository): object {
    const modified = aliveTags(repository)[0]?.start;
    return {
        namespace: repository.namespace,
        name: repository.name,
        description: repository.description,
        is_public: repository.isPublic,
        kind: "image",
        state: repository.state,
        is_starred: false,
        ...(call.flag("last_modified")
            ? { last_modified: modified === undefined ? null : Math.floor(modified / 1000) }
            : {}),
        ...(call.flag("popularity") ? { popularity: 0.0 } : {}),
    };
}

function view(call: Call, repository: Repository): object {
    const { namespace, name } = repository;
    const account = call.state.accounts.get(namespace);
    const normal = repository.state === "NORMAL";
    return {
        namespace,
        name,
        kind: "image",
        description: repository.description,
        is_public: repository.isPublic,
        is_organization: account?.kind === "organization",
        is_starred: false,
        status_token: "",
        trust_enabled: false,
        tag_expiration_s: account?.tagExpiration,
        is_free_account: true,
        state: repository.state,
        ...(call.flag("includeTags", true) ? { tags: tagsByName(repository) } : {}),
        ...(call.flag("includeStats") ? { stats: [] } : {}),
        can_write: normal && mayUse(call.state, call.identity, namespace, name, "write"),
        can_admin: mayUse(call.state, call.identity, namespace, name, "admin"),
    };
}

/** Shows the tags as an object, with at most 500 of them. */
function tagsByName(repository: Repository): object {
    const newest = aliveTags(repository).slice(0, 500);
    return Object.fromEntries(
        newest.map((tag) => [tag.name, tagSummary(tag, tagSize(repository, tag.digest))]),
    );
}
