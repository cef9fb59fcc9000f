import { UserError } from "../errors.ts";
import type { GitHubAccount } from "./account.ts";

/** What GitHub says to a request: refusals are answers too. */
export interface Answer {
    readonly status: number;
    readonly headers: Headers;
    readonly body: unknown;
}

/** How to come by a token, for people who have never made one. */
export function howToGetToken(webUrl: string): string {
    return (
        `Make one at ${webUrl}/settings/tokens with the scopes repo and workflow, or take that of GitHub's own command line: ` +
        'export GITHUB_TOKEN="$(gh auth token)"; of a GitHub App: an installation token.'
    );
}

/** Reads from GitHub's API with the token in GITHUB_TOKEN. */
export class GitHubClient {
    readonly #account: GitHubAccount;
    readonly #token: string;

    /** @throws UserError where GITHUB_TOKEN is not set. */
    constructor(account: GitHubAccount) {
        const token = process.env["GITHUB_TOKEN"];
        if (token === undefined || token === "") {
            throw new UserError(
                `The environment variable GITHUB_TOKEN is not set: it holds the token for ${account.webUrl}. ${howToGetToken(account.webUrl)}`,
            );
        }
        this.#account = account;
        this.#token = token;
    }

    /**
     * Repeats what a server or the network failed to answer.
     *
     * @throws UserError where there is no answer, or no more requests are allowed.
     */
    async get(path: string): Promise<Answer> {
        const { default: ky, isHTTPError } = await import("ky");
        const { apiUrl } = this.#account;
        try {
            const response = await ky.get(`${apiUrl}/${path}`, {
                headers: {
                    authorization: `Bearer ${this.#token}`,
                    accept: "application/vnd.github+json",
                    "x-github-api-version": "2022-11-28",
                },
                retry: { limit: 3, maxRetryAfter: 60_000 },
                timeout: 30_000,
            });
            return {
                status: response.status,
                headers: response.headers,
                body: await response.json(),
            };
        } catch (error) {
            if (!isHTTPError(error)) {
                throw new UserError(
                    `GitHub at ${apiUrl} gives no answer: ${causeOf(error)}. Check github:baseUrl (GITHUB_BASE_URL) and the network.`,
                );
            }
            const { status, headers } = error.response;
            const limited =
                headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after");
            if (limited && (status === 403 || status === 429)) {
                throw new UserError(
                    `GitHub allows the token in GITHUB_TOKEN no more requests for now${untilOf(headers)}. Nothing was changed; try again then.`,
                );
            }
            return { status, headers, body: error.data };
        }
    }
}

function untilOf(headers: Headers): string {
    const reset = Number(headers.get("x-ratelimit-reset") ?? "0");
    return reset > 0 ? `, until ${new Date(reset * 1000).toISOString()}` : "";
}

/** The reason that the network gave: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
function causeOf(error: unknown): string {
    let cause = error;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    if (!(cause instanceof Error)) return String(cause);
    return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
