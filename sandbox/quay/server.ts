import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { adminRouter } from "./admin.ts";
import { allRoutes } from "./api/index.ts";
import { apiRouter } from "./api/routes.ts";
import { Faults } from "./faults.ts";
import { federationRouter, type TrustedIssuers } from "./federation.ts";
import { Distribution } from "./registry/distribution.ts";
import { RepositoryLookups } from "./registry/lookups.ts";
import { registryRouter } from "./registry/router.ts";
import { TokenSigner } from "./registry/tokens.ts";
import { answerRefusals } from "./send.ts";
import { type Features, type Scan, type Scope, scopes } from "./model.ts";
import { State } from "./state.ts";
import { ageTags } from "./tags.ts";
import { type LoggedRequest, Traffic } from "./traffic.ts";

const allFeatures: Features = {
    autoPrune: true,
    immutableTags: true,
    repositoryMirror: true,
    proxyCache: true,
    quota: true,
    userRobotFederation: true,
    applicationTokens: true,
    securityScanner: true,
    referrers: true,
};

const tenYears = 315_360_000;

export interface QuayOptions {
    /** The port to listen on. Default: a free one. */
    readonly port?: number;
    /** The features to switch off. Default: none. */
    readonly features?: Partial<Features>;
    /** The issuers whose tokens federated robots may use, besides issuers at https:// URLs. */
    readonly issuers?: TrustedIssuers;
}

/** A running Quay. */
export interface Quay {
    /** As in QUAY_URL: http://127.0.0.1:PORT */
    readonly url: string;
    /** As in image names: 127.0.0.1:PORT */
    readonly registry: string;
    /** The faults. None are active at first. */
    readonly faults: Faults;
    /** Creates a user. @returns the password */
    createUser(name: string, options?: { readonly superUser?: boolean }): string;
    /** Creates an organization that the user owns through its team "owners". */
    createOrganization(name: string, owner: string): void;
    /** Creates an OAuth token that acts as the user. Default: all scopes, valid for ten years. */
    createToken(options: {
        readonly user: string;
        readonly scopes?: readonly Scope[];
        readonly seconds?: number;
    }): string;
    /** Revokes a token. */
    revokeToken(token: string): void;
    /** Sets the result of a digest's security scan. Without one, the scan is queued. */
    setScan(digest: string, scan: Scan): void;
    /** Moves the history of a repository's tags into the past, by seconds. */
    ageTags(repository: string, time: number): void;
    /**
     * Runs Quay's collector, which removes the content of deleted repositories some time
     * afterwards.
     */
    collect(): void;
    /** Every password and token that was ever valid. */
    secrets(): readonly string[];
    /** Runs the workers that Quay runs some time after a deletion. */
    collectGarbage(): void;
    /** The requests since the start or the last clearRequests, oldest first. */
    requests(filter?: {
        readonly method?: string;
        readonly path?: RegExp;
    }): readonly LoggedRequest[];
    clearRequests(): void;
    /** The whole state as JSON. */
    dump(): unknown;
    /** Stops the server and its registry, and removes their data. */
    stop(): Promise<void>;
}

/** Starts a Quay on 127.0.0.1 with a real registry behind it, and waits until it listens. */
export async function startQuay(options: QuayOptions = {}): Promise<Quay> {
    const distribution = await Distribution.start();
    const app = express().disable("x-powered-by").disable("etag");
    const server = createServer(app);
    try {
        await once(server.listen(options.port ?? 0, "127.0.0.1"), "listening");
    } catch (error) {
        await distribution.stop();
        throw error;
    }
    const registry = `127.0.0.1:${String(portOf(server.address()))}`;
    const url = `http://${registry}`;

    const state = new State();
    const features = { ...allFeatures, ...options.features };
    const traffic = new Traffic();
    const faults = new Faults();
    const lookups = new RepositoryLookups();
    const context = {
        state,
        features,
        url,
        traffic,
        faults,
        distribution,
        lookups,
        signer: new TokenSigner(registry),
    };
    app.use("/_standin", adminRouter(context));
    app.use(traffic.record, faults.inject);
    app.use("/api/v1", apiRouter(context, allRoutes(features)));
    app.use("/v2", registryRouter(context));
    app.use("/oauth2/federation", federationRouter({ ...context, issuers: options.issuers ?? {} }));
    app.use(answerRefusals(url));

    return {
        url,
        registry,
        faults,
        createUser: (name, { superUser = false } = {}) =>
            state.createUser(name, superUser).password,
        createOrganization: (name, owner) => void state.createOrganization(name, owner),
        createToken: ({ user, scopes: allowed = scopes, seconds = tenYears }) => {
            const expires = new Date(Date.now() + seconds * 1000);
            return state.createToken({
                name: "test",
                user,
                scopes: new Set(allowed),
                expires,
                application: undefined,
            }).secret;
        },
        revokeToken: (token) => void state.tokens.delete(token),
        setScan: (digest, scan) => void state.scans.set(digest, scan),
        ageTags: (repository, time) => {
            const found = state.repositories.get(repository);
            if (found === undefined) throw new Error(`there is no repository ${repository}`);
            ageTags(found, time * 1000);
        },
        collect: () => {
            lookups.collect(state);
        },
        secrets: () => [...state.secrets],
        collectGarbage: () => {
            state.collectGarbage();
        },
        requests: (filter) => traffic.requests(filter),
        clearRequests: () => {
            traffic.clear();
        },
        dump: () => state.dump(),
        stop: async () => {
            server.closeAllConnections();
            await Promise.all([once(server.close(), "close"), distribution.stop()]);
        },
    };
}

function portOf(address: string | AddressInfo | null): number {
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return address.port;
}
