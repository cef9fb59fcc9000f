import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../messages/userError.ts";

/** A GitHub, and the owner of the repositories on it. */
export interface GitHubAccount {
    /** The user or organization that owns the repositories. */
    readonly owner: string;
    /** The URL of the REST API, without a slash at the end: `https://api.github.com`. */
    readonly apiUrl: string;
    /** The URL of the website, without a slash at the end: `https://github.com`. */
    readonly webUrl: string;
    /** The issuer of the jobs' identity tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: string;
}

/**
 * Reads the account from the stack's configuration and the environment, like the GitHub provider.
 * Sends no request.
 *
 * @throws UserError where no owner or several are set, where the URL is invalid, or where a token
 * is in the configuration.
 */
export function readAccount(): GitHubAccount {
    const config = new pulumi.Config("github");
    if (config.get("token") !== undefined) {
        throw new UserError(
            "github:token is set: the GitHub provider would keep the token in the state. " +
                "Put it in the environment variable GITHUB_TOKEN and run " +
                "`pulumi config rm github:token`.",
        );
    }
    return accountIn((key) => config.get(key), pulumi.getStack());
}

/**
 * Reads the account of a stack, for programs outside of it.
 *
 * @param get returns the value of a key: `get("owner")` that of `github:owner`.
 * @throws UserError as {@link readAccount}.
 */
export function accountIn(get: (key: string) => string | undefined, stack: string): GitHubAccount {
    return {
        owner: readOwner(get, stack),
        ...addresses(get("baseUrl") ?? fromEnvironment("GITHUB_BASE_URL") ?? "https://github.com"),
    };
}

/**
 * Reads the owner. Refuses two different ones: which of them the provider uses depends on its
 * version. Without any, the provider would request `/repos//NAME`.
 */
function readOwner(get: (key: string) => string | undefined, stack: string): string {
    const given = Object.entries({
        "github:owner": get("owner"),
        GITHUB_OWNER: fromEnvironment("GITHUB_OWNER"),
        "github:organization": get("organization"),
        GITHUB_ORGANIZATION: fromEnvironment("GITHUB_ORGANIZATION"),
    }).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
    const [first, ...others] = given;
    if (first === undefined) {
        throw new UserError(
            "github:owner is not set: the user or organization that the repository belongs to. " +
                `Run \`pulumi config set github:owner OWNER -s ${stack}\`, ` +
                "or set the environment variable GITHUB_OWNER.",
        );
    }
    if (others.some(({ value }) => value !== first.value)) {
        const all = given.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join(", ");
        throw new UserError(`Two owners are set for GitHub: ${all}. Unset all but one.`);
    }
    return first.value;
}

/**
 * Returns the URLs of a GitHub, like the provider: github.com and *.ghe.com have the API on its own
 * host, a GitHub Enterprise Server has it at /api/v3.
 */
function addresses(given: string): Omit<GitHubAccount, "owner"> {
    const url = URL.parse(given);
    if (url === null || !/^https?:$/.test(url.protocol)) {
        throw new UserError(
            `github:baseUrl (or GITHUB_BASE_URL) = ${JSON.stringify(given)}: ` +
                "must be the address of a GitHub, as in https://github.example.com/",
        );
    }
    const host = url.host.replace(/^api\./, "");
    if (host === "github.com" || host.endsWith(".ghe.com")) {
        const domain = host === "github.com" ? "githubusercontent.com" : host;
        const issuer = `https://token.actions.${domain}`;
        return { apiUrl: `https://api.${host}`, webUrl: `https://${host}`, issuer };
    }
    const webUrl = `${url.origin}${url.pathname.replace(/(api\/v3\/?)?$/, "").replace(/\/+$/, "")}`;
    return { apiUrl: `${webUrl}/api/v3`, webUrl, issuer: `${webUrl}/_services/token` };
}

function fromEnvironment(name: string): string | undefined {
    const value = process.env[name];
    return value === "" ? undefined : value;
}

/** Returns a path of GitHub's API from its segments, each of which may have any characters. */
export function apiPath(...segments: readonly string[]): string {
    return segments.map(encodeURIComponent).join("/");
}
