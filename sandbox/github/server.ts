import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Answer } from "../quay/answers.ts";
import { Faults } from "../quay/faults.ts";
import { adminRouter } from "./admin.ts";
import { Api } from "./api.ts";
import { workflowRunEvent } from "./events.ts";
import { Limiter, type RateLimits } from "./limits.ts";
import type { Grants, Plan, Repository, Role } from "./model.ts";
import { RepositoryHandle } from "./repositoryHandle.ts";
import { State } from "./state.ts";
import { type LoggedRequest, Traffic } from "./traffic.ts";
import { ready } from "./vault.ts";

export interface GitHubOptions {
    /** The port to listen on. Default: a free one. */
    readonly port?: number;
    /** A delay of every request, in milliseconds. */
    readonly latency?: number;
}

/** The access of a token. Default: a classic token with the scopes repo and workflow. */
export type TokenOptions = { readonly user: string } & (
    | { readonly scopes?: readonly string[] }
    | {
          /** The permissions of a fine-grained token. */
          readonly permissions: Grants;
          /** OWNER/NAME of the repositories that it applies to. Default: all of the user's. */
          readonly repositories?: readonly string[];
      }
);

export interface RepositoryOptions {
    readonly owner: string;
    readonly name: string;
    /** Default: true. */
    readonly private?: boolean;
    /** Default: main. */
    readonly defaultBranch?: string;
    /** The first files of its branch. Default: a README.md. {}: neither files nor a branch. */
    readonly files?: Readonly<Record<string, string>>;
    /**
     * Whether the subjects of its OIDC tokens contain ids. Default: true, as for repositories since
     * July 2026.
     */
    readonly immutableSubject?: boolean;
    /** Whether the account's plan has environments for it. Default: true. */
    readonly environments?: boolean;
    /** The roles of users other than its owner. */
    readonly roles?: Readonly<Record<string, Role>>;
}

/** A running GitHub. */
export interface GitHub {
    /** For example http://127.0.0.1:PORT. The API is there, and below /api/v3. */
    readonly url: string;
    /** For GITHUB_BASE_URL. */
    readonly baseUrl: string;
    /** The faults. None are active at first. */
    readonly faults: Faults;
    /** Creates a user. Default plan: free. @returns the id */
    createUser(login: string, options?: { readonly plan?: Plan }): number;
    /** Creates an organization that the user owns. Default plan: free. @returns the id */
    createOrganization(login: string, owner: string, options?: { readonly plan?: Plan }): number;
    /** Creates a team of an organization. @returns the id */
    createTeam(organization: string, name: string, members: readonly string[]): number;
    createToken(options: TokenOptions): string;
    /** Revokes a token. */
    revokeToken(token: string): void;
    /** Creates a repository, with a first commit. */
    createRepository(options: RepositoryOptions): RepositoryHandle;
    /** Returns a repository's content, and functions to change it. @param name OWNER/NAME */
    repository(name: string): RepositoryHandle;
    /**
     * Returns the payload of the event that a run of a workflow causes.
     *
     * @param name OWNER/NAME
     * @param run the run's id
     */
    workflowRunEvent(
        name: string,
        run: number,
        action: "requested" | "completed",
    ): Record<string, unknown>;
    /** Sets other rate limits, and restarts the counts. */
    limit(limits: RateLimits): void;
    /** Every token, and every value that a secret ever had. */
    secrets(): readonly string[];
    /** The requests since the start or the last clearRequests, oldest first. */
    requests(filter?: {
        readonly method?: string;
        readonly path?: RegExp;
    }): readonly LoggedRequest[];
    clearRequests(): void;
    /**
     * Requests that could not be answered as GitHub would: operations that are not supported (501),
     * and answers that violated GitHub's description (500). A test that finds one here must fail.
     */
    unknown(): readonly string[];
    /** The whole state as JSON. */
    dump(): unknown;
    stop(): Promise<void>;
}

/** Starts a GitHub on 127.0.0.1, and waits until it listens. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
    await ready;
    const app = express().disable("x-powered-by").disable("etag");
    const server = createServer(app);
    await once(server.listen(options.port ?? 0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${String(portOf(server.address()))}`;

    const state = new State();
    const traffic = new Traffic();
    const limiter = new Limiter();
    const unknown: string[] = [];
    const faults = new Faults(serverError);
    if (options.latency !== undefined) faults.add({ latency: options.latency });
    const api = await Api.create({ state, traffic, limiter, url, unknown });
    app.use("/_standin", adminRouter({ state, traffic, unknown }));
    app.use(
        traffic.record,
        faults.inject,
        express.text({ type: () => true, limit: "8mb" }),
        api.handle,
    );

    const find = (name: string): Repository => {
        const [owner = "", repository = ""] = name.split("/");
        const found = state.repository(owner, repository);
        if (found === undefined) throw new Error(`there is no repository ${name}`);
        return found;
    };

    return {
        url,
        baseUrl: `${url}/`,
        faults,
        createUser: (login, { plan = "free" } = {}) => state.createUser(login, plan).id,
        createOrganization: (login, owner, { plan = "free" } = {}) =>
            state.createOrganization(login, owner, plan).id,
        createTeam: (organization, name, members) =>
            state.createTeam(organization, name, members).id,
        createToken: (given) => {
            const { user } = given;
            if ("permissions" in given) {
                const repositories = given.repositories && new Set(given.repositories);
                return state.createToken("github_pat_", {
                    kind: "fine-grained",
                    user,
                    permissions: given.permissions,
                    repositories,
                });
            }
            return state.createToken("ghp_", {
                kind: "classic",
                user,
                scopes: new Set(given.scopes ?? ["repo", "workflow"]),
            });
        },
        revokeToken: (token) => void state.tokens.delete(token),
        createRepository: ({
            owner,
            name,
            roles = {},
            files = { "README.md": `# ${name}\n` },
            ...given
        }) => {
            const repository = state.createRepository(owner, name, {
                private: given.private ?? true,
                defaultBranch: given.defaultBranch ?? "main",
            });
            repository.hasEnvironments = given.environments ?? true;
            repository.oidcSubject = {
                ...repository.oidcSubject,
                immutable: given.immutableSubject ?? true,
            };
            for (const [login, role] of Object.entries(roles)) repository.roles.set(login, role);
            const handle = new RepositoryHandle(state, repository);
            if (Object.keys(files).length > 0) handle.commit(files, { message: "Initial commit" });
            return handle;
        },
        repository: (name) => new RepositoryHandle(state, find(name)),
        workflowRunEvent: (name, run, action) => {
            const urls = { api: url, html: url };
            return workflowRunEvent({ repository: find(name), state, urls }, run, action);
        },
        limit: (limits) => {
            limiter.set(limits);
        },
        secrets: () => [...state.secrets],
        requests: (filter) => traffic.requests(filter),
        clearRequests: () => {
            traffic.clear();
        },
        unknown: () => [...unknown],
        dump: () => state.dump(),
        stop: async () => {
            server.closeAllConnections();
            await once(server.close(), "close");
        },
    };
}

/** GitHub's answer for an internal error. */
function serverError(status: number, retryAfter: string | undefined): Answer {
    const body = JSON.stringify({ message: "Server Error" });
    return {
        status,
        type: "application/json; charset=utf-8",
        body,
        headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
    };
}

function portOf(address: string | AddressInfo | null): number {
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return address.port;
}
