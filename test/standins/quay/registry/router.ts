import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import express, { type Request, type Response, type Router } from "express";
import { json, type Answer } from "../answers.ts";
import type { Faults } from "../faults.ts";
import { parameter, send } from "../send.ts";
import type { Features, Manifest, Repository, State } from "../state.ts";
import { aliveManifest, aliveTag, aliveTags, endTag, pointTag, untaggedLifetime } from "../tags.ts";
import type { Traffic } from "../traffic.ts";
import { authorize } from "./authorize.ts";
import type { Distribution, RegistryRequest } from "./distribution.ts";
import { parseManifest } from "./manifest.ts";
import { meter } from "./meter.ts";
import { referrersOf } from "./referrers.ts";
import { accessDenied, challenge, manifestUnknown, nameUnknown, registryError, tagImmutable } from "./refusals.ts";
import type { Access, Bearer, TokenSigner } from "./tokens.ts";

export interface RegistryContext {
    readonly state: State;
    readonly features: Features;
    readonly url: string;
    readonly signer: TokenSigner;
    readonly distribution: Distribution;
    readonly traffic: Traffic;
    readonly faults: Faults;
}

const isDigest = (reference: string): boolean => /^sha256:[0-9a-f]{64}$/.test(reference);

/**
 * /v2: Quay's registry in front of a real one. Blobs are the real one's; what a tag means, who may do what, and which manifests
 * can still be had is decided here, since Quay differs in it.
 */
export function registryRouter(context: RegistryContext): Router {
    const router = express.Router({ strict: true, caseSensitive: true });
    const { state, features, signer, traffic, url } = context;
    router.get("/", async (request, response) => {
        const bearer = await bearerOf(context, request.get("authorization"), response);
        const headers = { "WWW-Authenticate": challenge(url), "Docker-Distribution-API-Version": "registry/2.0" };
        send(response, { ...json(bearer === undefined ? 401 : 200, true, headers), body: "true", type: "text/html; charset=utf-8" });
    });
    router.get("/auth", async (request, response) => {
        const { identity, answer } = await authorize(state, signer, request, url);
        traffic.identify(response, identity.username);
        send(response, answer);
    });
    router.all("/auth", (_request, response) => {
        send(response, json(405, {}));
    });
    if (features.referrers) {
        router.get("/*repository/referrers/:digest", async (request: Request, response) => {
            const { repository } = await permitted(context, request, response, "pull");
            send(
                response,
                referrersOf(repository, parameter(request, "digest"), new URL(request.url, url).searchParams.get("artifactType")),
            );
        });
    }
    router.get("/*repository/tags/list", async (request: Request, response) => {
        const { repository } = await permitted(context, request, response, "pull");
        send(response, tagList(repository, new URL(request.url, url).searchParams));
    });
    router.get("/*repository/manifests/:reference", async (request: Request, response) => {
        const { repository } = await permitted(context, request, response, "pull");
        const manifest = aliveManifest(repository, digestOf(repository, parameter(request, "reference")));
        if (manifest === undefined) throw manifestUnknown();
        await relay(context, repository, response, {
            method: request.method,
            path: `${repository.id}/manifests/${manifest.digest}`,
            headers: { accept: manifest.mediaType },
            access: { [repository.id]: ["pull"] },
        });
    });
    router.put("/*repository/manifests/:reference", async (request: Request, response) => {
        const { repository } = await permitted(context, request, response, "push");
        await putManifest(context, repository, request, response, parameter(request, "reference"));
    });
    router.delete("/*repository/manifests/:reference", async (request: Request, response) => {
        const { repository } = await permitted(context, request, response, "push");
        deleteTags(repository, parameter(request, "reference"));
        response.status(202).end();
    });
    router.all(["/*repository/blobs/:digest", "/*repository/blobs/uploads/{:upload}"], async (request: Request, response) => {
        const reads = request.method === "GET" || request.method === "HEAD";
        const { repository, bearer } = await permitted(
            context,
            request,
            response,
            reads && parameter(request, "digest") !== "" ? "pull" : "push",
        );
        await transferBlob(context, repository, bearer, request, response);
    });
    router.use((_request, response) => {
        send(response, { status: 404, type: "text/html; charset=utf-8", body: "404 page not found" });
    });
    return router;
}

/** The registry token of a request. */
async function bearerOf(context: RegistryContext, authorization: string | undefined, response: Response): Promise<Bearer | undefined> {
    const [, token] = /^bearer (.+)$/i.exec(authorization ?? "") ?? [];
    const bearer = token === undefined ? undefined : await context.signer.readRegistryToken(token);
    context.traffic.identify(response, bearer?.username);
    return bearer;
}

/** The repository of a request whose token allows the action; everybody may pull what is public. */
async function permitted(context: RegistryContext, request: Request, response: Response, action: "pull" | "push") {
    const name = parameter(request, "repository");
    const bearer = await bearerOf(context, request.get("authorization"), response);
    const repository = context.state.repositories.get(name);
    const open = action === "pull" && repository?.isPublic === true;
    if (!open && !grants(bearer?.access, name, action)) {
        throw accessDenied(context.url, `repository:${name}:${action === "pull" ? "pull" : "pull,push"}`);
    }
    if (repository === undefined) throw nameUnknown();
    return { repository, bearer };
}

function grants(access: readonly Access[] | undefined, name: string, action: "pull" | "push"): boolean {
    return access?.some((entry) => entry.name === name && entry.actions.includes(action)) === true;
}

/** What a reference means now: a tag's digest. A tag that was there once has an error of its own. */
function digestOf(repository: Repository, reference: string): string {
    if (isDigest(reference)) return reference;
    const tag = aliveTag(repository, reference);
    if (tag !== undefined) return tag.digest;
    if (repository.tags.some(({ name }) => name === reference)) {
        throw registryError(404, "TAG_EXPIRED", `Tag ${reference} was deleted or has expired. To pull, revive via time machine`);
    }
    throw manifestUnknown();
}

async function putManifest(context: RegistryContext, repository: Repository, request: Request, response: Response, reference: string) {
    const content = await buffer(request);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const mediaType = request.get("content-type") ?? "";
    if (isDigest(reference) && reference !== digest) throw registryError(400, "MANIFEST_INVALID", "manifest invalid");
    if (aliveTag(repository, reference)?.immutable === true) throw tagImmutable(reference);
    const manifest = parseManifest(digest, mediaType, content.toString());
    if (manifest === undefined) throw registryError(400, "MANIFEST_INVALID", "manifest invalid");
    const answer = await context.distribution.ask({
        method: "PUT",
        path: `${repository.id}/manifests/${digest}`,
        headers: { "content-type": mediaType },
        access: { [repository.id]: ["pull", "push"] },
        body: content,
    });
    if (answer.statusCode === 201) {
        remember(context, repository, manifest, reference);
        if (manifest.subject !== undefined) response.set("OCI-Subject", manifest.subject);
    }
    await pass(context, repository, answer, response);
}

/** From the push on, the API knows the manifest and its tag. */
function remember({ state, features }: RegistryContext, repository: Repository, manifest: Manifest, reference: string): void {
    const { labels = [], keptUntil = 0 } = repository.manifests.get(manifest.digest) ?? {};
    const byDigest = isDigest(reference);
    repository.manifests.set(manifest.digest, { ...manifest, labels, keptUntil: byDigest ? Date.now() + untaggedLifetime : keptUntil });
    if (!byDigest) pointTag(state, features, repository, reference, manifest.digest);
}

/** A tag, or every tag of a digest; immutable ones stay, and so does everything else then (fact 7). */
function deleteTags(repository: Repository, reference: string): void {
    const tags = aliveTags(repository).filter(({ name, digest }) => reference === name || reference === digest);
    if (tags.length === 0) throw manifestUnknown();
    for (const tag of tags) if (tag.immutable) throw tagImmutable(tag.name);
    for (const tag of tags) endTag(repository, tag.name);
}

/** Fact 11, tags/list: the next page's link is relative. */
function tagList(repository: Repository, query: URLSearchParams): Answer {
    const name = `${repository.namespace}/${repository.name}`;
    const limit = Math.min(100, Math.max(0, Number(query.get("n") ?? 100)));
    const last = query.get("last") ?? "";
    const names = aliveTags(repository).map((tag) => tag.name);
    const following = names.sort().filter((tag) => tag > last);
    const tags = following.slice(0, limit);
    const more = following.length > tags.length && tags.length > 0;
    const next = `</v2/${name}/tags/list?n=${String(limit)}&last=${tags.at(-1) ?? ""}>; rel="next"`;
    return json(200, { name, tags }, more ? { Link: next } : {});
}

async function transferBlob(
    context: RegistryContext,
    repository: Repository,
    bearer: Bearer | undefined,
    request: Request,
    response: Response,
) {
    const { pathname, searchParams } = new URL(request.url, context.url);
    const below = pathname.slice(pathname.lastIndexOf("/blobs/"));
    const source = mountable(context, bearer, searchParams);
    if (source === undefined) for (const parameter of ["mount", "from"]) searchParams.delete(parameter);
    else searchParams.set("from", source.id);
    await relay(context, repository, response, {
        method: request.method,
        path: `${repository.id}${below}?${searchParams.toString()}`,
        headers: without(request.headers, "authorization", "host", "connection", "expect"),
        access: { ...(source === undefined ? {} : { [source.id]: ["pull"] }), [repository.id]: ["pull", "push"] },
        body: { from: request, through: counting(context, response) },
    });
}

/** The repository to mount from, if the caller may read it; otherwise the upload starts as if it had not been asked (202). */
function mountable({ state }: RegistryContext, bearer: Bearer | undefined, query: URLSearchParams): Repository | undefined {
    const from = query.get("from") ?? "";
    const source = state.repositories.get(from);
    return source?.isPublic === true || grants(bearer?.access, from, "pull") ? source : undefined;
}

function counting({ traffic, faults }: RegistryContext, response: Response) {
    return meter(faults.speed(response), (bytes) => {
        traffic.addBlobBytes(response, bytes);
    });
}

async function relay(context: RegistryContext, repository: Repository, response: Response, request: RegistryRequest): Promise<void> {
    await pass(context, repository, await context.distribution.ask(request), response);
}

/** Streams the registry's answer, with its own name for the repository replaced by the public one. */
async function pass(context: RegistryContext, repository: Repository, answer: IncomingMessage, response: Response): Promise<void> {
    const { location } = answer.headers;
    response.status(answer.statusCode ?? 502).set(without(answer.headers, "connection", "keep-alive", "transfer-encoding"));
    if (location !== undefined) {
        response.set(
            "location",
            location.replace(`/v2/${repository.id}/`, `${context.url}/v2/${repository.namespace}/${repository.name}/`),
        );
    }
    const isBlob = answer.headers["content-type"] === "application/octet-stream";
    if (isBlob) await pipeline(answer, counting(context, response), response);
    else await pipeline(answer, response);
}

function without(headers: IncomingHttpHeaders, ...names: readonly string[]) {
    return Object.fromEntries(Object.entries(headers).filter(([name, value]) => !names.includes(name) && value !== undefined));
}
