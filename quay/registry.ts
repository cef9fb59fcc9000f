import { createHash } from "node:crypto";
import { z } from "zod";
import type { Http, QuayClient } from "./client.ts";
import { QuayError, readRefusal, RefusedError, unless, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";

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

const descriptor = z.object({
    digest: z.string(),
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

export const indexType = "application/vnd.oci.image.index.v1+json";
const manifestTypes = [
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
}

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
        this.#credentials =
            credentials ?? (own ? { username: "$oauthtoken", password: api.token } : undefined);
        this.#scopes = scopes;
    }

    /** The digest that a tag, or a digest, stands for; undefined where there is no such manifest. */
    async digestOf(path: string, reference: string): Promise<string | undefined> {
        const to = `look up ${path}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
        const response = await unless(missing, () =>
            this.#send("HEAD", `${path}/manifests/${reference}`, { to, headers: acceptManifests }),
        );
        if (response === undefined) return undefined;
        return (
            response.headers.get("docker-content-digest") ??
            (await this.manifest(path, reference))?.digest
        );
    }

    /** A manifest; undefined where there is none. @throws QuayError where its content is not what the digest says. */
    async manifest(path: string, reference: string): Promise<Manifest | undefined> {
        const to = `read the manifest ${reference} of ${path}`;
        const response = await unless(missing, () =>
            this.#send("GET", `${path}/manifests/${reference}`, { to, headers: acceptManifests }),
        );
        if (response === undefined) return undefined;
        const bytes = new Uint8Array(await response.arrayBuffer());
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
            response.headers.get("content-type")?.split(";", 1).join("") ??
            parsed.data.mediaType ??
            manifestTypes.slice(0, 1).join("");
        return { digest, mediaType, bytes, parts: parsed.data };
    }

    /** Puts a manifest under a tag, or under its own digest. */
    async putManifest(
        path: string,
        reference: string,
        { mediaType, bytes }: Pick<Manifest, "mediaType" | "bytes">,
    ): Promise<void> {
        const to = `push ${path}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
        await this.#send("PUT", `${path}/manifests/${reference}`, {
            to,
            headers: { "content-type": mediaType },
            body: new Uint8Array(bytes),
        });
    }

    /** What refers to a digest: signatures, attestations, SBOMs. Undefined where the registry has no such route. */
    async referrers(path: string, digest: string): Promise<readonly Descriptor[] | undefined> {
        return this.#pagesOfReferrers(
            `${path}/referrers/${digest}`,
            `list what refers to ${path}@${digest}`,
        );
    }

    async #pagesOfReferrers(page: string, to: string): Promise<readonly Descriptor[] | undefined> {
        const response = await unless(noReferrers, () =>
            this.#send("GET", page, { to, headers: { accept: indexType } }),
        );
        if (response === undefined) return undefined;
        const found =
            parts.safeParse(parseJson(new Uint8Array(await response.arrayBuffer()))).data
                ?.manifests ?? [];
        const next = /<[^>]*\/v2\/([^>]+)>\s*;\s*rel="?next\b/i.exec(
            response.headers.get("link") ?? "",
        )?.[1];
        return next === undefined
            ? found
            : [...found, ...((await this.#pagesOfReferrers(next, to)) ?? [])];
    }

    /**
     * Sees to it that the blob is in the repository: it is there, or the registry mounts it from another of its repositories, or it is
     * streamed through, a piece at a time.
     */
    async takeBlob(
        path: string,
        digest: string,
        from: { readonly session: RegistrySession; readonly path: string },
    ): Promise<void> {
        const to = `copy the blob ${digest} to ${path}`;
        const mount = from.session.host === this.host;
        if (!mount) {
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
                if (started.status === 201) return;
                const location = started.headers.get("location") ?? "";
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
                minTimeout: 300,
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
        await this.#raw("PUT", end.href, to, {});
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
        { to, headers, body }: Sent,
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
        try {
            const answer = await http
                .repeatable(url, {
                    headers: basic !== undefined && trusted ? { authorization: basic } : {},
                    signal: this.#api.options.signal,
                })
                .json();
            const { token, access_token } = z
                .object({ token: z.string().optional(), access_token: z.string().optional() })
                .parse(answer);
            return `Bearer ${token ?? access_token ?? ""}`;
        } catch (error) {
            throw this.#explain(http.explain(error), to);
        }
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
export function digestOfBytes(bytes: Uint8Array): string {
    return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function parseJson(bytes: Uint8Array): unknown {
    try {
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    } catch {
        return undefined;
    }
}
