import { z } from "zod";
import {
    formatDate,
    invalidRequest,
    json,
    message,
    notFound,
    nothing,
    tagImmutable,
} from "../answers.ts";
import { type Repository, repositoryStates, type TagPeriod } from "../model.ts";
import { aliveManifest, aliveTag, endTag, isAlive, pointTag, tagSize } from "../tags.ts";
import type { Call } from "./call.ts";
import { existing } from "./existing.ts";
import { route, type Route } from "./routes.ts";

const tagAllowed = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

const change = z.object({
    manifest_digest: z.string().nullish(),
    expiration: z.number().nullish(),
    immutable: z.boolean().optional(),
});

/** Tags. */
export const tagRoutes: readonly Route[] = [
    route("get", "/repository/*repository/tag/", "repo:read", history),
    route("put", "/repository/*repository/tag/:tag", "repo:write", changeTag),
    route("delete", "/repository/*repository/tag/:tag", "repo:write", (call) => {
        const repository = writable(call);
        const tag = aliveTag(repository, call.param("tag"));
        if (tag === undefined) throw notFound();
        if (tag.immutable) throw tagImmutable(tag.name);
        endTag(repository, tag.name);
        return nothing();
    }),
    route("post", "/repository/*repository/tag/:tag/restore", "repo:write", (call) => {
        const repository = writable(call);
        const { manifest_digest: digest } = call.json(
            z.object({ manifest_digest: z.string().optional() }),
        );
        if (digest === undefined) throw invalidRequest("Missing manifest_digest");
        if (!isRestorable(call, repository, digest)) throw notFound();
        refuseImmutable(repository, call.param("tag"));
        pointTag(call.state, call.features, repository, call.param("tag"), digest, true);
        return json(200, {});
    }),
];

/** Shows a tag as the repository does. */
export function tagSummary(tag: TagPeriod, size: number) {
    return {
        name: tag.name,
        size,
        last_modified: formatDate(new Date(tag.start)),
        manifest_digest: tag.digest,
        ...(tag.end === undefined ? {} : { expiration: formatDate(new Date(tag.end)) }),
    };
}

/** Lists tags. Without onlyActiveTags, the list is the history, including deleted tags. */
function history(call: Call) {
    const repository = existing(call);
    const limit = Math.min(100, Math.max(1, call.number("limit", 50)));
    const page = Math.max(1, call.number("page", 1));
    const found = repository.tags.filter(
        (tag) =>
            (!call.flag("onlyActiveTags") || isAlive(tag)) &&
            [undefined, "", tag.name].includes(call.query("specificTag")) &&
            matchesFilter(call.query("filter_tag_name"), tag.name),
    );
    const rows = found.slice((page - 1) * limit, page * limit);
    return json(200, {
        tags: rows.map((tag) => row(call, repository, tag)),
        page,
        has_additional: found.length > page * limit,
    });
}

function matchesFilter(filter: string | undefined, name: string): boolean {
    if (filter === undefined || filter === "") return true;
    const [, operation, value = ""] = /^(like|eq):(.*)$/.exec(filter) ?? [];
    if (operation === undefined) throw message(400, "Unsupported syntax for filter_tag_name");
    return operation === "eq" ? name === value : name.includes(value);
}

function row(call: Call, repository: Repository, tag: TagPeriod): object {
    const children = repository.manifests.get(tag.digest)?.children ?? [];
    const isList = children.length > 0;
    const { size, ...summary } = tagSummary(tag, tagSize(repository, tag.digest));
    const present = children.map((digest) => [digest, repository.manifests.has(digest)] as const);
    return {
        ...summary,
        ...(isList
            ? {
                  child_manifest_count: children.length,
                  child_manifests_presence: Object.fromEntries(present),
              }
            : { size }),
        reversion: tag.reversion,
        start_ts: Math.floor(tag.start / 1000),
        ...(tag.end === undefined ? {} : { end_ts: Math.floor(tag.end / 1000) }),
        is_manifest_list: isList,
        ...(call.features.immutableTags ? { immutable: tag.immutable } : {}),
    };
}

function changeTag(call: Call) {
    const name = call.param("tag");
    const repository = writable(call);
    const body = call.json(change);
    if (!tagAllowed.test(name)) {
        throw message(400, "Tag must match the regular expression [\\w][\\w.-]{0,127}");
    }
    if (body.expiration !== undefined) setExpiration(repository, name, body.expiration);
    if (body.immutable !== undefined && call.features.immutableTags)
        setImmutable(call, repository, name, body.immutable);
    if (body.manifest_digest !== undefined) {
        if (
            body.manifest_digest === null ||
            aliveManifest(repository, body.manifest_digest) === undefined
        )
            throw notFound();
        refuseImmutable(repository, name);
        pointTag(call.state, call.features, repository, name, body.manifest_digest);
    }
    return json(201, "Updated");
}

function setExpiration(repository: Repository, name: string, expiration: number | null): void {
    const tag = aliveTag(repository, name);
    if (tag === undefined) throw notFound();
    if (expiration !== null && expiration * 1000 <= Date.now()) {
        throw message(
            400,
            "The browser (or proxy) sent a request that this server could not understand.",
        );
    }
    if (tag.immutable) throw message(400, `Cannot set expiration on immutable tag ${name}`);
    tag.end = expiration === null ? undefined : expiration * 1000;
}

/**
 * Sets whether a tag is immutable. Making one mutable again takes an admin, and works even under a
 * policy. A tag that expires cannot become immutable.
 */
function setImmutable(call: Call, repository: Repository, name: string, immutable: boolean): void {
    const tag = aliveTag(repository, name);
    if (tag === undefined) throw notFound();
    if (!immutable) call.requireAdmin();
    if (immutable && tag.end !== undefined)
        throw message(400, `Cannot make expiring tag ${name} immutable`);
    tag.immutable = immutable;
}

function refuseImmutable(repository: Repository, name: string): void {
    if (aliveTag(repository, name)?.immutable === true) throw tagImmutable(name);
}

/** Returns the repository if its tags may change, which they may in the state NORMAL only. */
function writable(call: Call): Repository {
    const repository = existing(call);
    if (repository.state !== "NORMAL") {
        throw message(
            503,
            "Repository is in read only or mirror mode: " +
                String(repositoryStates.indexOf(repository.state)),
        );
    }
    return repository;
}

/** Returns whether a deleted tag can be restored: within the namespace's tag_expiration_s. */
function isRestorable(call: Call, repository: Repository, digest: string): boolean {
    const seconds = call.state.accounts.get(repository.namespace)?.tagExpiration ?? 0;
    const kept = repository.tags.some(
        (tag) => tag.digest === digest && (tag.end ?? Infinity) + seconds * 1000 > Date.now(),
    );
    return kept || aliveManifest(repository, digest) !== undefined;
}
