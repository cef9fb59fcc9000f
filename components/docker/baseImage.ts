/**
 * Looks up the base images of a build in their registries, with the OCI distribution API
 * (https://github.com/opencontainers/distribution-spec) and its token authentication
 * (https://distribution.github.io/distribution/spec/auth/token/). A registry that asks for
 * credentials gets those of the Docker configuration.
 */
import { foreign } from "../../quay/api/text.ts";
import { UserError } from "../messages/userError.ts";
import * as names from "../../quay/api/names.ts";
import { manifestTypes } from "../../quay/api/manifest.ts";
import { parseChallenge, tokenAnswer } from "../../quay/api/registryConnection.ts";
import { shellWord } from "../messages/shell.ts";
import { CredentialsError, type RegistryCredentials, storedCredentials } from "./credentials.ts";
import { type DockerfileSource, findBaseImages, readDockerfileText } from "./dockerfile.ts";
import { parseTagged, registryAddress, type RegistryImage } from "./reference.ts";

/** A build, and whether it is repeated when its base images change. */
export interface BaseImageSource extends DockerfileSource {
    /** Named contexts by name: a folder, `docker-image://NAME`, or an address. */
    readonly buildContexts: Readonly<Record<string, string>>;
    /** Whether a changed digest of a base image rebuilds the image. */
    readonly pull: boolean;
}

/** The time-out for one image, in milliseconds. */
const defaultTimeout = 10_000;

/** The registry's answer has no digest. The message is a clause: `does not have it`. */
class LookUpError extends Error {}

/**
 * Reads the digests of a build's base images from their registries, in parallel.
 *
 * @returns the digests by image; undefined where `pull` is false.
 * @throws UserError that names the image, its registry and the configuration key.
 */
export async function baseImagesOf(
    source: BaseImageSource,
): Promise<Record<string, string> | undefined> {
    return source.pull ? lookUpDigests(imagesOf(source)) : undefined;
}

/**
 * Reads the digests of images from their registries.
 *
 * @param timeout the time-out for each image, in milliseconds.
 * @throws UserError as {@link baseImagesOf}.
 */
export async function lookUpDigests(
    images: readonly string[],
    timeout: number = defaultTimeout,
): Promise<Record<string, string>> {
    const found = images.map(
        async (image) => [image, await lookUpOrExplain(image, timeout)] as const,
    );
    return Object.fromEntries(await Promise.all(found));
}

function imagesOf({ buildContexts, ...source }: BaseImageSource): string[] {
    const contexts = Object.values(buildContexts)
        .filter((from) => from.startsWith("docker-image://") && !from.includes("@"))
        .map((from) => from.slice("docker-image://".length));
    const inDockerfile = findBaseImages(readDockerfileText(source) ?? "", {
        ...source,
        contexts: Object.keys(buildContexts),
    });
    return [...new Set([...inDockerfile, ...contexts])];
}

async function lookUpOrExplain(name: string, timeout: number): Promise<string> {
    const image = parseTagged(name);
    if (image === undefined) {
        const why = name.includes("$")
            ? "has a variable without a value. Give its ARG a default, set mlops:service.buildArgs"
            : "is not an image's name. Correct it";
        throw new UserError(
            `The base image "${foreign(name, 200)}" of the Dockerfile ${why}, ` +
                "or set mlops:service.pull to false.",
        );
    }
    try {
        return await lookUp(image, AbortSignal.timeout(timeout));
    } catch (error) {
        throw new UserError(
            `mlops:service.pull is true, but the digest of the base image "${foreign(name, 200)}"` +
                ` is not known: the registry ${image.host} ${explain(error, timeout)}. Try again ` +
                "later, name the image by its digest (NAME@sha256:…), or set mlops:service.pull " +
                "to false.",
        );
    }
}

/** Requests the digest; again with a token or a password where the registry requires one. */
async function lookUp(image: RegistryImage, signal: AbortSignal): Promise<string> {
    const first = await head(image, signal);
    if (first.status !== 401) return readDigest(first, image, undefined);
    const credentials = await storedCredentials(image.host, signal);
    const challenge = first.headers.get("www-authenticate") ?? "";
    const authorization = await authorize(image, challenge, credentials, signal);
    return readDigest(await head(image, signal, authorization), image, credentials);
}

async function head(
    { host, path, tag }: RegistryImage,
    signal: AbortSignal,
    authorization?: string,
): Promise<Response> {
    const server = host === "docker.io" ? "registry-1.docker.io" : host;
    return fetch(`${registryAddress(server)}/v2/${path}/manifests/${tag}`, {
        method: "HEAD",
        signal,
        headers: {
            accept: manifestTypes.join(", "),
            ...(authorization !== undefined && { authorization }),
        },
    });
}

/** @throws LookUpError where the answer has no digest. */
function readDigest(
    { status, headers }: Response,
    image: RegistryImage,
    credentials: RegistryCredentials | undefined,
): string {
    if (status === 404) throw new LookUpError("does not have it");
    if (status === 401 || status === 403)
        throw refusal("does not show it", status, image, credentials);
    if (status !== 200) throw new LookUpError(`answered ${String(status)}`);
    const digest = names.digest.safeParse(headers.get("docker-content-digest"));
    if (!digest.success) throw new LookUpError("did not answer as a registry: there is no digest");
    return digest.data;
}

/**
 * Returns the authorization header that a registry asks for: Basic, or a token.
 *
 * @param header the registry's challenge, `WWW-Authenticate`.
 * @throws LookUpError where there are no credentials, or the registry gives no token.
 */
async function authorize(
    image: RegistryImage,
    header: string,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
): Promise<string> {
    const { scheme, realm, service } = parseChallenge(header);
    const basic = credentials && basicOf(credentials);
    if (scheme === "basic" && basic !== undefined) return basic;
    if (scheme !== "bearer" || realm === undefined || !URL.canParse(realm))
        throw refusal("does not show it", 401, image, credentials);
    const url = new URL(realm);
    if (
        basic !== undefined &&
        registryAddress(url.host).startsWith("https:") &&
        url.protocol !== "https:"
    )
        throw new LookUpError(`wants the credentials sent to ${url.origin}, without encryption`);
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", `repository:${image.path}:pull`);
    const response = await fetch(url, {
        signal,
        headers: basic === undefined ? {} : { authorization: basic },
    });
    if (!response.ok) throw refusal("gives no token", response.status, image, credentials);
    const answer = tokenAnswer.safeParse(await response.json().catch(() => undefined));
    signal.throwIfAborted();
    const token = answer.data?.token ?? answer.data?.access_token;
    if (token === undefined) throw new LookUpError("gave something that is not a token");
    return `Bearer ${token}`;
}

function basicOf({ username, password }: RegistryCredentials): string {
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function refusal(
    what: string,
    status: number,
    { host }: RegistryImage,
    credentials: RegistryCredentials | undefined,
): LookUpError {
    const whose =
        credentials === undefined
            ? "without credentials"
            : `with the credentials of "${credentials.username}" in the Docker configuration`;
    const command = host === "docker.io" ? "docker login" : `docker login ${shellWord(host)}`;
    return new LookUpError(`${what} ${whose} (${String(status)}; to log in: ${command})`);
}

function explain(error: unknown, timeout: number): string {
    if (error instanceof LookUpError || error instanceof CredentialsError) return error.message;
    if (error instanceof Error && error.name === "TimeoutError")
        return `did not answer within ${String(timeout / 1000)} s`;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return `cannot be reached (${cause instanceof Error ? cause.message : String(cause)})`;
}
