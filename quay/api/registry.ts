import { createHash } from "node:crypto";
import { z } from "zod";
import { defaultRetryDelay, type Http, type QuayClient } from "./client.ts";
import { QuayError, readRefusal, RefusedError, unless, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import * as names from "./names.ts";

/** Who asks a registry. */
export interface Credentials {
    readonly username: string;
    readonly password: string;
}

/** A repository on a registry: `quay.io/alice/app`. */
export interface ImageName {
    readonly host: string;
    readonly path: string;
}

/** A manifest as a registry keeps it: its digest is that of exactly these bytes. */
export interface Manifest {
    readonly digest: string;
    readonly mediaType: string;
    readonly bytes: Uint8Array;
    /** What it is made of and has to be there before it. */
    readonly parts: Parts;
}

/** `sha256:` or `sha512:` and so many hexadecimal digits (OCI image specification, descriptors). */
const digest = z.string().regex(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/);

const descriptor = z.object({
    digest,
    mediaType: z.string().optional(),
    size: z.number(),
    urls: z.array(z.string()).optional(),
    artifactType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.output<typeof descriptor>;

const parts = z.object({
    schemaVersion: z.literal(2),
    mediaType: z.string().optional(),
    artifactType: z.string().optional(),
    config: descriptor.optional(),
    layers: z.array(descriptor).optional(),
    manifests: z.array(descriptor).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
});
type Parts = z.output<typeof parts>;

/** The answer of a registry that was asked for a token. */
export const tokenAnswer = z.object({
    token: z.string().min(1).optional(),
    access_token: z.string().min(1).optional(),
});

export const indexType = "application/vnd.oci.image.index.v1+json";
/** The kinds of manifests that registries keep: images and indexes, of OCI and of Docker. */
export const manifestTypes = [
    "application/vnd.oci.image.manifest.v1+json",
    indexType,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** `quay.io/alice/app` → host and path; undefined where the host is missing, or a tag or digest is there. */
export function parseImageName(name: string): ImageName | undefined {
    const [, host, path] =
        /^((?=[^/]*[.:]|localhost\/)[A-Za-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)$/.exec(
            name,
        ) ?? [];
    return host === undefined || path === undefined ? undefined : { host, path };
}

interface Sent {
    readonly to: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array<ArrayBuffer>;
    /** Registries send readers of blobs on to their storage. */
    readonly follow?: boolean;
}

/** An answer that ended before its end. */
class CutError extends UnansweredError {}

interface Challenge {
    readonly scheme: string;
    readonly realm: string | undefined;
    readonly service: string | undefined;
}

const missing = ({ status }: Refusal): boolean => status === 404;
const noReferrers = ({ status }: Refusal): boolean => [400, 404, 405, 406].includes(status);

/**
 * A registry (OCI distribution protocol) for as long as one copy takes: one bearer token covers all its scopes. On the provider's own Quay
 * the API token is the password, as user `$oauthtoken`; elsewhere the credentials that it was given, or none.
 */
export class RegistrySession {
    readonly host: string;
    readonly #api: QuayClient;
    readonly #base: string;
    /** As they were given; on the provider's own Quay the API token is what counts without any. */
    readonly credentials: Credentials | undefined;
    readonly #credentials: Credentials | undefined;
    readonly #scopes: readonly string[];
    #authorization: Promise<string | undefined> = Promise.resolve(undefined);

    /** @param scopes what the token is asked for: `repository:alice/app:pull,push` */
    constructor(
        api: QuayClient,
        host: string,
        credentials: Credentials | undefined,
        scopes: readonly string[],
    ) {
        const own = host === api.site.host;
        const local = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host); // plain HTTP there, as docker does it
        this.host = host;
        this.#api = api;
        this.#base = own
            ? api.site.url
            : `${local ? "http" : "https"}://${host === "docker.io" ? "registry-1.docker.io" : host}`;
        this.credentials = credentials;
        this.#credentials =
            credentials ?? (own ? { username: "$oauthtoken", password: api.token } : undefined);
        this.#scopes = scopes;
    }

    /**
     * The digest that a tag, or a digest, stands for; undefined where there is no such manifest.
     *
     * @throws QuayError where what the registry calls a digest is none, or another than was asked for.
     */
    async digestOf(path: string, reference: string): Promise<string | undefined> {
        const isDigest = reference.startsWith("sha256:");
        const to = `look up ${path}${isDigest ? "@" : ":"}${reference}`;
        const response = await unless(missing, () =>
            this.#send("HEAD", `${path}/manifests/${reference}`, { to, headers: acceptManifests }),
        );
        if (response === undefined) return undefined;
        const said = response.headers.get("docker-content-digest");
        if (said === null) return (await this.manifest(path, reference))?.digest;
        const found = names.digest.safeParse(said);
        if (found.success && (!isDigest || found.data === reference)) return found.data;
        throw new QuayError(
            `The registry ${this.host} did not ${to}: it gave ${JSON.stringify(said.slice(0, 100))} ` +
                `as the digest, which is ${found.success ? "another" : "none"}.`,
        );
    }

    /** A manifest; undefined where there is none. @throws QuayError where its content is not what the digest says. */
    async manifest(path: string, reference: string): Promise<Manifest | undefined> {
        const to = `read the manifest ${reference} of ${path}`;
        const answer = await unless(missing, () =>
            this.#read(`${path}/manifests/${reference}`, { to, headers: acceptManifests }),
        );
        if (answer === undefined) return undefined;
        const { bytes, headers } = answer;
        const digest = digestOfBytes(bytes);
        if (reference.startsWith("sha256:") && reference !== digest) {
            throw new QuayError(
                `${this.host} gave another content for ${path}@${reference}: its digest is ${digest}.`,
            );
        }
        const parsed = parts.safeParse(parseJson(bytes));
        if (!parsed.success) {
            throw new QuayError(
                `${this.host}/${path}@${digest} is neither an image nor an index of the kinds that can be copied.`,
            );
        }
        const mediaType =
            headers.get("content-type")?.split(";", 1).join("") ??
            parsed.data.mediaType ??
            manifestTypes.slice(0, 1).join("");
        return { digest, mediaType, bytes, parts: parsed.data };
    }

    /**
     * The content of a small blob: an image's configuration, a signature's payload. Undefined where there is none.
     *
     * @throws QuayError where its content is not what the digest says.
     */
    async blob(path: string, digest: string): Promise<Uint8Array | undefined> {
        const to = `read the blob ${digest} of ${path}`;
        const answer = await unless(missing, () =>
            this.#read(`${path}/blobs/${digest}`, { to, follow: true }),
        );
        if (answer === undefined) return undefined;
        const found = digestOfBytes(answer.bytes, digest.split(":", 1).join(""));
        if (found === digest) return answer.bytes;
        throw new QuayError(
            `${this.host} gave another content for the blob ${digest} of ${path}: its digest is ${found}.`,
        );
    }

    /**
     * Puts a manifest under a tag, or under its own digest.
     *
     * @throws UnansweredError where the answer is not a registry's: 201, and the manifest's digest if any.
     */
    async putManifest(
        path: string,
        reference: string,
        { mediaType, bytes }: Pick<Manifest, "mediaType" | "bytes">,
    ): Promise<void> {
        const to = `push ${path}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
        const response = await this.#send("PUT", `${path}/manifests/${reference}`, {
            to,
            headers: { "content-type": mediaType },
            body: new Uint8Array(bytes),
        });
        const said = response.headers.get("docker-content-digest");
        if (response.status !== 201 || (said !== null && said !== digestOfBytes(bytes)))
            throw this.#notUnderstood(response.status, to);
    }

    /** What refers to a digest: signatures, attestations, SBOMs. Undefined where the registry has no such route. */
    async referrers(path: string, digest: string): Promise<readonly Descriptor[] | undefined> {
        return this.#pagesOfReferrers(
            `${path}/referrers/${digest}`,
            `list what refers to ${path}@${digest}`,
        );
    }

    async #pagesOfReferrers(page: string, to: string): Promise<readonly Descriptor[] | undefined> {
        const answer = await unless(noReferrers, () =>
            this.#read(page, { to, headers: { accept: indexType } }),
        );
        if (answer === undefined) return undefined;
        const index = parts.safeParse(parseJson(answer.bytes));
        // Taken for "none", it would leave signatures behind.
        if (!index.success) throw this.#notUnderstood(200, to);
        const found = index.data.manifests ?? [];
        const next = /<[^>]*\/v2\/([^>]+)>\s*;\s*rel="?next\b/i.exec(
            answer.headers.get("link") ?? "",
        )?.[1];
        return next === undefined
            ? found
            : [...found, ...((await this.#pagesOfReferrers(next, to)) ?? [])];
    }

    /**
     * Sees to it that the blob is in the repository: it is there, or the registry mounts it from another of its repositories, or it is
     * streamed through, a piece at a time.
     *
     * @param trusting whether the registry is believed that the blob is there.
     */
    async takeBlob(
        path: string,
        digest: string,
        from: { readonly session: RegistrySession; readonly path: string },
        trusting = true,
    ): Promise<void> {
        const to = `copy the blob ${digest} to ${path}`;
        const mount = from.session.host === this.host;
        if (!mount && trusting) {
            const there = await unless(missing, () =>
                this.#send("HEAD", `${path}/blobs/${digest}`, { to }),
            );
            if (there !== undefined) return;
        }
        const [http, { default: pRetry }] = await Promise.all([
            this.#api.http(),
            import("p-retry"),
        ]);
        const retriable = (error: unknown) =>
            error instanceof UnansweredError ||
            (error instanceof RefusedError &&
                (error.refusal.status === 429 || error.refusal.status >= 500));
        await pRetry(
            async () => {
                const query = mount
                    ? `?${new URLSearchParams({ mount: digest, from: from.path }).toString()}`
                    : "";
                const started = await this.#send("POST", `${path}/blobs/uploads/${query}`, { to });
                if (mount && started.status === 201) return;
                const location = started.headers.get("location");
                if (started.status !== 202 || location === null)
                    throw this.#notUnderstood(started.status, to);
                // A transfer counts as one request, from its first byte to its last.
                await http.limit(async () =>
                    this.#stream(
                        await from.session.#open(from.path, digest, to),
                        location,
                        digest,
                        to,
                    ),
                );
            },
            {
                retries: 3,
                minTimeout: this.#api.options.retryDelay ?? defaultRetryDelay,
                randomize: true,
                signal: this.#api.options.signal,
                shouldRetry: ({ error }) => retriable(error),
            },
        );
    }

    /** Opens a blob for reading; registries send the reader on to their storage, where the token must not go (fetch sees to that). */
    async #open(path: string, digest: string, to: string): Promise<ReadableStream<Uint8Array>> {
        const response = await this.#raw("GET", `${this.#base}/v2/${path}/blobs/${digest}`, to, {
            redirect: "follow",
        });
        if (response.body === null)
            throw new UnansweredError(`${this.host} gave nothing for the blob ${digest}.`);
        return response.body;
    }

    async #stream(
        body: ReadableStream<Uint8Array>,
        location: string,
        digest: string,
        to: string,
    ): Promise<void> {
        const headers = { "content-type": "application/octet-stream" };
        // fetch would keep a copy of all that goes by, for a redirect: unless it must not follow any.
        const options = { body, duplex: "half", headers, redirect: "error" } as const;
        const sent = await this.#raw("PATCH", new URL(location, this.#base).href, to, options);
        const end = new URL(sent.headers.get("location") ?? location, this.#base);
        end.searchParams.set("digest", digest);
        const stored = await this.#raw("PUT", end.href, to, {});
        if (stored.status !== 201) throw this.#notUnderstood(stored.status, to);
    }

    /** A request of the copy itself, with the token that is there by now: streams cannot be sent twice, so there is nothing to retry. */
    async #raw(
        method: string,
        url: string,
        to: string,
        init: RequestInit & { readonly duplex?: "half" },
    ): Promise<Response> {
        const authorization = await this.#authorization;
        const headers = new Headers(init.headers);
        if (authorization !== undefined && new URL(url).host === new URL(this.#base).host)
            headers.set("authorization", authorization);
        const http = await this.#api.http();
        let response: Response;
        try {
            response = await fetch(url, {
                ...init,
                method,
                headers,
                signal: this.#api.options.signal,
            });
        } catch (error) {
            throw this.#explain(http.explain(error), to);
        }
        if (response.ok) return response;
        const refusal = readRefusal(response.status, await response.text());
        // Tokens of registries live for minutes: the next attempt asks for another.
        if (response.status === 401) {
            this.#authorization = this.#authorize(response.headers.get("www-authenticate"));
            await this.#authorization;
            throw new UnansweredError(`${this.host} did not ${to}: its token has expired.`);
        }
        throw this.#refused(refusal, to);
    }

    /** Reads something whole: once more where the answer ended before its end. */
    async #read(path: string, sent: Sent): Promise<{ bytes: Uint8Array; headers: Headers }> {
        const { default: pRetry } = await import("p-retry");
        return pRetry(
            async () => {
                const { headers, body } = await this.#send("GET", path, sent);
                try {
                    return {
                        bytes: new Uint8Array(await new Response(body).arrayBuffer()),
                        headers,
                    };
                } catch {
                    throw new CutError(
                        `The registry ${this.host} gave no whole answer to the request to ${sent.to}.`,
                    );
                }
            },
            {
                retries: 2,
                minTimeout: this.#api.options.retryDelay ?? defaultRetryDelay,
                signal: this.#api.options.signal,
                shouldRetry: ({ error }) => error instanceof CutError,
            },
        );
    }

    async #send(method: string, path: string, sent: Sent): Promise<Response> {
        const before = this.#authorization;
        const answer = await this.#attempt(method, path, sent, await before);
        if (!("challenge" in answer)) return answer;
        // Of parallel requests that are refused, one asks for the token.
        if (this.#authorization === before) this.#authorization = this.#authorize(answer.challenge);
        const second = await this.#attempt(method, path, sent, await this.#authorization);
        if (!("challenge" in second)) return second;
        throw this.#refused(second.refusal, sent.to);
    }

    async #attempt(
        method: string,
        path: string,
        { to, headers, body, follow = false }: Sent,
        authorization: string | undefined,
    ): Promise<Response | { readonly challenge: string | null; readonly refusal: Refusal }> {
        const http = await this.#api.http();
        const url = `${this.#base}/v2/${path}`;
        try {
            return await http.limit(() =>
                http.repeatable(url, {
                    method,
                    headers: {
                        ...headers,
                        ...(authorization === undefined ? {} : { authorization }),
                    },
                    ...(body === undefined ? {} : { body }),
                    ...(follow ? { redirect: "follow" as const } : {}),
                    signal: this.#api.options.signal,
                    timeout: 60_000,
                }),
            );
        } catch (error) {
            const failure = http.explain(error);
            if ("refusal" in failure && failure.refusal.status === 401)
                return {
                    challenge: failure.headers.get("www-authenticate"),
                    refusal: failure.refusal,
                };
            throw this.#explain(failure, to);
        }
    }

    /** Asks for what a registry's 401 asks for: a bearer token for all scopes, or the credentials themselves. */
    async #authorize(header: string | null): Promise<string | undefined> {
        const { scheme, realm, service } = parseChallenge(header ?? "");
        const basic =
            this.#credentials === undefined
                ? undefined
                : `Basic ${Buffer.from(`${this.#credentials.username}:${this.#credentials.password}`).toString("base64")}`;
        if (scheme === "basic") return basic;
        if (scheme !== "bearer" || realm === undefined || !URL.canParse(realm)) return undefined;
        const url = new URL(realm);
        if (service !== undefined) url.searchParams.set("service", service);
        for (const scope of this.#scopes) url.searchParams.append("scope", scope);
        // The API token is for Quay alone, wherever its answer points.
        const trusted =
            this.#credentials?.password !== this.#api.options.token ||
            url.host === this.#api.site.host;
        const http = await this.#api.http();
        const to = "give a token";
        let text: string;
        try {
            text = await http
                .repeatable(url, {
                    headers: basic !== undefined && trusted ? { authorization: basic } : {},
                    signal: this.#api.options.signal,
                })
                .text();
        } catch (error) {
            throw this.#explain(http.explain(error), to);
        }
        const answer = tokenAnswer.safeParse(parseJson(new TextEncoder().encode(text)));
        const token = answer.data?.token ?? answer.data?.access_token;
        if (token === undefined) throw this.#notUnderstood(200, to);
        return `Bearer ${token}`;
    }

    #explain(failure: ReturnType<Http["explain"]>, to: string): Error {
        if ("bug" in failure) return failure.bug;
        if ("unanswered" in failure) {
            const why = this.#api.options.signal.aborted ? "cancelled" : failure.unanswered;
            return new UnansweredError(
                `The registry ${this.host} gave no answer to the request to ${to}: ${why}.`,
            );
        }
        return this.#refused(failure.refusal, to);
    }

    /** An answer that no registry gives: a proxy's page, for instance. What became of the request is not known. */
    #notUnderstood(status: number, to: string): UnansweredError {
        return new UnansweredError(
            `The registry ${this.host} answered the request to ${to} with something that is not a ` +
                `registry's (${String(status)}): a proxy's page? Try later.`,
        );
    }

    #refused(refusal: Refusal, to: string): RefusedError {
        const { status, said } = refusal;
        const because = said === "" ? String(status) : `${said} (${String(status)})`;
        const message =
            status === 401 || status === 403
                ? `The registry ${this.host} refused to ${to} with ${this.#who()}: ${because}. Either these credentials are wrong, or they have no ` +
                  "right to do so, or there is no such repository: a registry gives one answer for all three."
                : `The registry ${this.host} did not ${to}: ${because}.`;
        return new RefusedError(message, refusal);
    }

    #who(): string {
        if (this.#credentials === undefined) return "no credentials";
        return this.#credentials.username === "$oauthtoken"
            ? `the API token in ${this.#api.options.tokenVariable}`
            : `the credentials of "${this.#credentials.username}"`;
    }
}

const acceptManifests = { accept: manifestTypes.join(", ") };

/** `Bearer realm="…",service="…"` */
export function parseChallenge(header: string): Challenge {
    const [, scheme = ""] = /^\s*([a-z]+)/i.exec(header) ?? [];
    const parameter = (name: string) =>
        new RegExp(`[\\s,]${name}="([^"]*)"`, "i").exec(header)?.[1];
    return {
        scheme: scheme.toLowerCase(),
        realm: parameter("realm"),
        service: parameter("service"),
    };
}

/** The digest of a content. */
export function digestOfBytes(bytes: Uint8Array, algorithm = "sha256"): string {
    return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** What the bytes are as JSON; undefined where they are none. */
export function parseJson(bytes: Uint8Array): unknown {
    try {
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    } catch {
        return undefined;
    }
}
