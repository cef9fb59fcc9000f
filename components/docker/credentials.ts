/**
 * Reads the credentials that `docker login` stores, as the Docker client does
 * (https://docs.docker.com/reference/cli/docker/login/#credential-stores).
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** The credentials for one registry. */
export interface RegistryCredentials {
    readonly username: string;
    readonly password: string;
}

/** Credentials that are stored and cannot be read. The message is a clause about the registry. */
export class CredentialsError extends Error {}

const configForm = z.object({
    auths: z
        .record(
            z.string(),
            z.object({
                auth: z.string().optional(),
                username: z.string().optional(),
                password: z.string().optional(),
                identitytoken: z.string().optional(),
            }),
        )
        .default({}),
    credHelpers: z.record(z.string(), z.string()).default({}),
    credsStore: z.string().optional(),
});
const helperForm = z.object({ Username: z.string(), Secret: z.string() });

/** The key of Docker Hub, which `docker login` has kept since the first version of its API. */
const hubKey = "https://index.docker.io/v1/";
/** What every credential helper prints for a registry that it has nothing for. */
const noneStored = "credentials not found in native keychain";
/** The user name that stands for an identity token. */
const identityToken = "<token>";

/**
 * Returns the credentials for a registry from the Docker configuration (DOCKER_CONFIG, default:
 * `~/.docker`), or from the credential helper that it names; undefined where there are none.
 *
 * @param host the registry's host as in an image's name: `docker.io`, `localhost:5000`.
 * @throws CredentialsError where they cannot be read.
 */
export async function storedCredentials(
    host: string,
    signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
    const file = join(process.env["DOCKER_CONFIG"] || join(homedir(), ".docker"), "config.json");
    const { auths, credHelpers, credsStore } = readConfig(file);
    const key = host === "docker.io" ? hubKey : host;
    const helper = credHelpers[key] ?? credHelpers[host] ?? credsStore;
    if (helper) return askHelper(helper, key, signal);
    const [, stored] =
        Object.entries(auths).find(([name]) => name === key) ??
        Object.entries(auths).find(([name]) => hostOf(name) === hostOf(key)) ??
        [];
    if (stored === undefined) return undefined;
    const [, user = stored.username, secret = stored.password] =
        /^([^:]*):(.*)$/s.exec(Buffer.from(stored.auth ?? "", "base64").toString()) ?? [];
    return usable(stored.identitytoken ? identityToken : user, secret?.replace(/\0+$/, ""));
}

function readConfig(file: string): z.infer<typeof configForm> {
    try {
        return configForm.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT")
            return configForm.parse({});
        const why = error instanceof Error && "code" in error ? String(error.code) : "wrong format";
        throw new CredentialsError(`needs credentials, and ${file} cannot be read (${why})`);
    }
}

/** Older clients stored a registry by its URL: `https://quay.io/v1/`. */
function hostOf(key: string): string {
    return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

/** Runs a credential helper: https://github.com/docker/docker-credential-helpers */
async function askHelper(
    name: string,
    key: string,
    signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
    const command = `docker-credential-${name}`;
    const { failed, printed } = await new Promise<{ failed?: Error; printed: string }>(
        (resolve) => {
            const helper = execFile(command, ["get"], { signal }, (error, printed) => {
                resolve({ ...(error === null ? {} : { failed: error }), printed });
            });
            // Writing fails where the helper does not start; its own error says why.
            helper.stdin?.on("error", () => undefined).end(key);
        },
    );
    signal.throwIfAborted();
    if (failed !== undefined && printed.trim() === noneStored) return undefined;
    if (failed !== undefined)
        throw new CredentialsError(
            `needs credentials, and ${command} does not give them ` +
                `(${"code" in failed ? String(failed.code) : failed.message})`,
        );
    const answer = helperForm.safeParse(parse(printed));
    if (!answer.success)
        throw new CredentialsError(`needs credentials, and ${command} answered something else`);
    return usable(answer.data.Username, answer.data.Secret);
}

function usable(
    username: string | undefined,
    password: string | undefined,
): RegistryCredentials | undefined {
    if (username === identityToken)
        throw new CredentialsError(
            "has an identity token in the Docker configuration, which is not supported here; " +
                "log in with a user name and a password or access token",
        );
    return username && password ? { username, password } : undefined;
}

function parse(json: string): unknown {
    try {
        return JSON.parse(json);
    } catch {
        return undefined;
    }
}
