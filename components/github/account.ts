import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../userError.ts";

/** Which GitHub, and whose repositories on it. */
export interface GitHubAccount {
    /** The user or organization that the repositories belong to. */
    readonly owner: string;
    /** The REST API, without a slash at its end: `https://api.github.com`. */
    readonly apiUrl: string;
    /** The web address, without a slash at its end: `https://github.com`. */
    readonly webUrl: string;
    /** The issuer of its jobs' identity tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: string;
}

/**
 * The account as the GitHub provider takes it from the stack's configuration and the environment. Asks GitHub nothing.
 *
 * @throws UserError where there is no owner or there are several, where the address is none, or where a token is in the configuration.
 */
export function readAccount(): GitHubAccount {
    const config = new pulumi.Config("github");
    if (config.get("token") !== undefined) {
        throw new UserError(
            "github:token is set: the GitHub provider would keep the token in the state. Put it in the environment variable GITHUB_TOKEN and " +
                "run `pulumi config rm github:token`.",
        );
    }
    return accountIn((key) => config.get(key), pulumi.getStack());
}

/** The account in the configuration of a stack, for programs around it: `get("owner")` is the value of `github:owner`. @throws UserError as above */
export function accountIn(get: (key: string) => string | undefined, stack: string): GitHubAccount {
    return {
        owner: readOwner(get, stack),
        ...addresses(get("baseUrl") ?? fromEnvironment("GITHUB_BASE_URL") ?? "https://github.com"),
    };
}

/** Which of them the provider would take is a matter of its version: there must be no two. Without any it asks for `/repos//NAME`. */
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
                `Run \`pulumi config set github:owner OWNER -s ${stack}\`, or set the environment variable GITHUB_OWNER.`,
        );
    }
    if (others.some(({ value }) => value !== first.value)) {
        const all = given.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join(", ");
        throw new UserError(`Two owners are set for GitHub: ${all}. Unset all but one.`);
    }
    return first.value;
}

/** Like the provider: github.com and *.ghe.com have the API on a host of its own, a GitHub Enterprise Server under /api/v3. */
function addresses(given: string): Omit<GitHubAccount, "owner"> {
    const url = URL.parse(given);
    if (url === null || !/^https?:$/.test(url.protocol)) {
        throw new UserError(
            `github:baseUrl (or GITHUB_BASE_URL) = ${JSON.stringify(given)}: it has to be the address of a GitHub, as in https://github.example.com/`,
        );
    }
    const host = url.host.replace(/^api\./, "");
    if (host === "github.com" || host.endsWith(".ghe.com")) {
        const issuer = `https://token.actions.${host === "github.com" ? "githubusercontent.com" : host}`;
        return { apiUrl: `https://api.${host}`, webUrl: `https://${host}`, issuer };
    }
    const webUrl = `${url.origin}${url.pathname.replace(/(api\/v3\/?)?$/, "").replace(/\/+$/, "")}`;
    return { apiUrl: `${webUrl}/api/v3`, webUrl, issuer: `${webUrl}/_services/token` };
}

function fromEnvironment(name: string): string | undefined {
    const value = process.env[name];
    return value === "" ? undefined : value;
}
