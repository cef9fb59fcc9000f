import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import type { Quay } from "./quay/server.ts";
import { ask, type Reply, textAt } from "./quayApi.ts";

export const imageType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

/** The address of a Quay. */
type Address = Pick<Quay, "url" | "registry">;

export function digestOf(content: string | Uint8Array): string {
    return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export function basic(user: string, password: string): string {
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** The answer of /v2/auth to a login. */
export function login(
    quay: Address,
    credentials: string | undefined,
    ...scopes: readonly string[]
): Promise<Reply> {
    const query = new URLSearchParams([
        ["service", quay.registry],
        ...scopes.map((scope) => ["scope", scope]),
    ]);
    return ask(`${quay.url}/v2/auth?${query.toString()}`, {
        headers: credentials === undefined ? {} : { authorization: credentials },
    });
}

/** A client of the registry with one bearer token. */
export class Registry {
    private readonly quay: Address;
    private readonly token: string | undefined;

    constructor(quay: Address, token?: string) {
        this.quay = quay;
        this.token = token;
    }

    /** Logs in for scopes such as `NAMESPACE/NAME:pull,push`. */
    static async login(
        quay: Address,
        credentials: string | undefined,
        ...scopes: readonly string[]
    ): Promise<Registry> {
        return new Registry(
            quay,
            textAt(
                await login(quay, credentials, ...scopes.map((scope) => `repository:${scope}`)),
                "token",
            ),
        );
    }

    ask(
        method: string,
        path: string,
        body?: string | Uint8Array<ArrayBuffer>,
        headers: Record<string, string> = {},
    ): Promise<Reply> {
        const url = path.startsWith("http") ? path : `${this.quay.url}/v2/${path}`;
        const authorization: Record<string, string> =
            this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
        return ask(url, {
            method,
            headers: { ...authorization, ...headers },
            ...(body === undefined ? {} : { body }),
        });
    }

    /** Uploads a blob. @returns the digest. */
    async blob(repository: string, content: Uint8Array<ArrayBuffer>): Promise<string> {
        const started = await this.ask("POST", `${repository}/blobs/uploads/`);
        assert.equal(started.status, 202, started.text);
        const location = new URL(started.headers.get("location") ?? "");
        location.searchParams.set("digest", digestOf(content));
        const done = await this.ask("PUT", location.href, content, {
            "content-type": "application/octet-stream",
        });
        assert.equal(done.status, 201, done.text);
        return digestOf(content);
    }

    manifest(
        repository: string,
        reference: string,
        content: string,
        type = imageType,
    ): Promise<Reply> {
        return this.ask("PUT", `${repository}/manifests/${reference}`, content, {
            "content-type": type,
        });
    }
}

/**
 * Uploads the blobs of an image with one layer of a hundred random bytes.
 *
 * @returns the image's manifest.
 */
export async function image(
    registry: Registry,
    repository: string,
    extra: object = {},
    labels?: Readonly<Record<string, string>>,
): Promise<string> {
    const descriptor = async (
        mediaType: string,
        content: Uint8Array<ArrayBuffer>,
    ): Promise<object> => ({
        mediaType,
        digest: await registry.blob(repository, content),
        size: content.length,
    });
    const layer = crypto.getRandomValues(new Uint8Array(100));
    return JSON.stringify({
        schemaVersion: 2,
        mediaType: imageType,
        config: await descriptor(
            "application/vnd.oci.image.config.v1+json",
            new TextEncoder().encode(
                labels === undefined ? "{}" : JSON.stringify({ config: { Labels: labels } }),
            ),
        ),
        layers: [await descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        ...extra,
    });
}

/** Pushes such an image as a user, under tags. @returns the digest. */
export async function pushImage(
    quay: Quay,
    user: string,
    repository: string,
    tags: readonly string[],
    labels?: Readonly<Record<string, string>>,
): Promise<string> {
    const registry = await Registry.login(
        quay,
        basic("$oauthtoken", quay.createToken({ user })),
        `${repository}:pull,push`,
    );
    const manifest = await image(registry, repository, {}, labels);
    for (const tag of tags)
        assert.equal((await registry.manifest(repository, tag, manifest)).status, 201);
    return digestOf(manifest);
}

/** Returns an index of such manifests. */
export function indexOf(manifests: readonly string[]): string {
    return JSON.stringify({
        schemaVersion: 2,
        mediaType: indexType,
        manifests: manifests.map((manifest) => ({
            mediaType: imageType,
            digest: digestOf(manifest),
            size: Buffer.byteLength(manifest),
        })),
    });
}
