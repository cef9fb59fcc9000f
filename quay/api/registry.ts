import type { QuayClient } from "./client.ts";
import { QuayError, RefusedError, unless, UnansweredError } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { defaultRetryDelay } from "./http.ts";
import { parseJson } from "./json.ts";
import { digestOfBytes, indexType, manifestTypes, parts, readParts } from "./manifest.ts";
import type { Descriptor, Manifest } from "./manifest.ts";
import * as names from "./names.ts";
import { quoted } from "./quoted.ts";
import { RegistryConnection } from "./registryConnection.ts";
import type { Credentials } from "./registryConnection.ts";

const acceptManifests = { accept: manifestTypes.join(", ") };
const missing = ({ status }: Refusal): boolean => status === 404;
/** More pages than anybody's signatures fill. */
const maxPages = 100;
const noReferrers = ({ status }: Refusal): boolean => [400, 404, 405, 406].includes(status);

/**
 * Reads and writes the manifests, blobs and referrers of a registry (OCI distribution protocol).
 * Lives as long as one copy.
 */
export class RegistrySession {
    readonly host: string;
    /** As passed to the constructor. Undefined on the provider's own Quay means the API token. */
    readonly credentials: Credentials | undefined;
    readonly #connection: RegistryConnection;

    /** @param scopes the scopes of the bearer token: `repository:alice/app:pull,push` */
    constructor(
        api: QuayClient,
        host: string,
        credentials: Credentials | undefined,
        scopes: readonly string[],
    ) {
        this.host = host;
        this.credentials = credentials;
        this.#connection = new RegistryConnection(api, host, credentials, scopes);
    }

    /**
     * Returns the digest that a tag, or a digest, refers to; undefined if there is no such
     * manifest.
     *
     * @throws QuayError if the registry's answer is not a digest, or not the requested one.
     */
    async digestOf(path: string, reference: string): Promise<string | undefined> {
        const isDigest = reference.startsWith("sha256:");
        const to = `look up ${path}${isDigest ? "@" : ":"}${reference}`;
        const response = await unless(missing, () =>
            this.#connection.send("HEAD", `${path}/manifests/${reference}`, {
                to,
                headers: acceptManifests,
            }),
        );
        if (response === undefined) return undefined;
        const said = response.headers.get("docker-content-digest");
        if (said === null) return (await this.manifest(path, reference))?.digest;
        const found = names.digest.safeParse(said);
        if (found.success && (!isDigest || found.data === reference)) return found.data;
        throw new QuayError(
            `The registry ${this.host} did not ${to}: it gave ` +
                `${quoted(said)} as the digest, which is ${found.success ? "another" : "none"}.`,
        );
    }

    /**
     * Returns a manifest; undefined if it does not exist.
     *
     * @throws QuayError if its content does not match the digest, or is not read alike by all
     *     clients.
     */
    async manifest(path: string, reference: string): Promise<Manifest | undefined> {
        const to = `read the manifest ${reference} of ${path}`;
        const answer = await unless(missing, () =>
            this.#connection.read(`${path}/manifests/${reference}`, {
                to,
                headers: acceptManifests,
            }),
        );
        if (answer === undefined) return undefined;
        const { bytes, headers } = answer;
        const digest = digestOfBytes(bytes);
        const algorithm = algorithmOf(reference);
        const found = digestOfBytes(bytes, algorithm);
        if (algorithm !== undefined && reference !== found) {
            throw new QuayError(
                `${this.host} gave another content for ${path}@${reference}: its digest is ` +
                    `${found}.`,
            );
        }
        const said = headers.get("docker-content-digest") ?? digest;
        if (said !== digest && said !== digestOfBytes(bytes, algorithmOf(said)))
            throw new QuayError(
                `${this.host} did not ${to}: it calls its content ${quoted(said)}, and the ` +
                    `digest of that is ${digest}.`,
            );
        const type = headers.get("content-type")?.split(";", 1).join("").trim();
        const read = readParts(bytes, type);
        if (typeof read === "string")
            throw new QuayError(`${this.host}/${path}@${digest} cannot be read: ${read}.`);
        const mediaType = type ?? read.mediaType ?? manifestTypes.slice(0, 1).join("");
        return { digest, mediaType, bytes, parts: read };
    }

    /**
     * Returns a small blob, such as an image's configuration or a signature's payload; undefined if
     * it does not exist.
     *
     * @throws QuayError if its content does not match the digest.
     */
    async blob(path: string, digest: string): Promise<Uint8Array | undefined> {
        const to = `read the blob ${digest} of ${path}`;
        const answer = await unless(missing, () =>
            this.#connection.read(`${path}/blobs/${digest}`, { to, follow: true }),
        );
        if (answer === undefined) return undefined;
        const found = digestOfBytes(answer.bytes, digest.split(":", 1).join(""));
        if (found === digest) return answer.bytes;
        throw new QuayError(
            `${this.host} gave another content for the blob ${digest} of ${path}: its digest is ` +
                `${found}.`,
        );
    }

    /**
     * Puts a manifest under a tag, or under its own digest.
     *
     * @throws UnansweredError unless the answer is 201 and has, if any, the manifest's digest.
     */
    async putManifest(
        path: string,
        reference: string,
        { mediaType, bytes }: Pick<Manifest, "mediaType" | "bytes">,
    ): Promise<void> {
        const to = `push ${path}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
        const response = await this.#connection.send("PUT", `${path}/manifests/${reference}`, {
            to,
            headers: { "content-type": mediaType },
            body: new Uint8Array(bytes),
        });
        const said = response.headers.get("docker-content-digest");
        if (response.status !== 201 || (said !== null && said !== digestOfBytes(bytes)))
            throw this.#connection.notUnderstood(response.status, to);
    }

    /**
     * Returns the referrers of a digest: signatures, attestations, SBOMs. Undefined if the registry
     * has no referrers API.
     *
     * @throws QuayError if the list has no end.
     */
    async referrers(path: string, digest: string): Promise<readonly Descriptor[] | undefined> {
        const to = `list what refers to ${path}@${digest}`;
        const found: Descriptor[] = [];
        let page: string | undefined = `${path}/referrers/${digest}`;
        for (let count = 0; page !== undefined; count++) {
            if (count === maxPages)
                throw new QuayError(
                    `The registry ${this.host} did not ${to}: the list has no end, it named a ` +
                        `next page ${String(maxPages)} times.`,
                );
            const answer = await this.#pageOfReferrers(page, to);
            if (answer === undefined) return count === 0 ? undefined : found;
            found.push(...answer.found);
            page = answer.next;
        }
        return found;
    }

    async #pageOfReferrers(
        page: string,
        to: string,
    ): Promise<{ found: readonly Descriptor[]; next: string | undefined } | undefined> {
        const answer = await unless(noReferrers, () =>
            this.#connection.read(page, { to, headers: { accept: indexType } }),
        );
        if (answer === undefined) return undefined;
        const index = parts.safeParse(parseJson(answer.bytes));
        // Treating this answer as an empty list would lose signatures.
        if (!index.success) throw this.#connection.notUnderstood(200, to);
        const link = answer.headers.get("link") ?? "";
        const next = /<[^>]*\/v2\/([^>]+)>\s*;\s*rel="?next\b/i.exec(link)?.[1];
        return { found: index.data.manifests ?? [], next };
    }

    /**
     * Ensures that the repository has a blob: does nothing if it is there, mounts it from another
     * repository of the same registry, or streams it in pieces.
     *
     * @param trusting whether to trust the registry if it says that the blob exists.
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
                this.#connection.send("HEAD", `${path}/blobs/${digest}`, { to }),
            );
            if (there !== undefined) return;
        }
        const [http, { default: pRetry }] = await Promise.all([
            this.#connection.api.http(),
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
                const started = await this.#connection.send(
                    "POST",
                    `${path}/blobs/uploads/${query}`,
                    { to },
                );
                if (mount && started.status === 201) return;
                const location = started.headers.get("location");
                if (started.status !== 202 || location === null)
                    throw this.#connection.notUnderstood(started.status, to);
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
                minTimeout: this.#connection.api.options.retryDelay ?? defaultRetryDelay,
                randomize: true,
                signal: this.#connection.api.options.signal,
                shouldRetry: ({ error }) => retriable(error),
            },
        );
    }

    /**
     * Opens a blob for reading. Registries redirect to their storage; fetch does not send the token
     * there.
     */
    async #open(path: string, digest: string, to: string): Promise<ReadableStream<Uint8Array>> {
        const response = await this.#connection.raw(
            "GET",
            `${this.#connection.base}/v2/${path}/blobs/${digest}`,
            to,
            {
                redirect: "follow",
            },
        );
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
        // Without `redirect: "error"` fetch would buffer the whole body, to send it again after a
        // redirect.
        const options = { body, duplex: "half", headers, redirect: "error" } as const;
        const start = this.#upload(location, to);
        const sent = await this.#connection.raw("PATCH", start.href, to, options);
        const end = this.#upload(sent.headers.get("location") ?? location, to);
        end.searchParams.set("digest", digest);
        const stored = await this.#connection.raw("PUT", end.href, to, {});
        if (stored.status !== 201) throw this.#connection.notUnderstood(stored.status, to);
    }

    /** Returns the address of an upload. @throws UnansweredError if it is none. */
    #upload(location: string, to: string): URL {
        const url = URL.parse(location, this.#connection.base);
        if (url !== null && /^https?:$/.test(url.protocol)) return url;
        throw this.#connection.notUnderstood(202, to);
    }
}

/** Returns the algorithm of a digest; undefined for a tag. */
function algorithmOf(reference: string): string | undefined {
    return /^sha(?:256|512)(?=:)/.exec(reference)?.[0];
}
