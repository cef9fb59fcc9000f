import { type GitHub, startGitHub } from "../sandbox/github/server.ts";
import { type Quay, startQuay } from "../sandbox/quay/server.ts";

/** The number of requests of a step. */
export interface Requests {
    /** To GitHub. */
    readonly github: number;
    /** To Quay's API. */
    readonly quay: number;
    /** To Quay's registry, including those of the Docker engine. */
    readonly registry: number;
    /** The bytes of blobs sent to or from the registry. */
    readonly blobBytes: number;
}

/** The Quay and the GitHub that all programs use, without rate limits. */
export class Servers {
    readonly quay: Quay;
    readonly github: GitHub;
    /** The number of accounts so far. */
    accounts = 0;

    private constructor(quay: Quay, github: GitHub) {
        this.quay = quay;
        this.github = github;
    }

    /** @param latency the delay of each request, in milliseconds */
    static async start(latency: number): Promise<Servers> {
        const [quay, github] = await Promise.all([
            startQuay(),
            startGitHub(latency === 0 ? {} : { latency }),
        ]);
        if (latency > 0) quay.faults.add({ latency });
        github.limit({ primary: { requests: 1e9, seconds: 3600 } });
        return new Servers(quay, github);
    }

    /**
     * Creates an account with repositories on GitHub.
     * @returns the environment variables for access
     */
    createAccount(name: string, services: readonly string[]): Record<string, string> {
        this.accounts += 1;
        this.quay.createUser(name);
        this.github.createUser(name, { plan: "enterprise" });
        for (const service of services)
            this.github.createRepository({ owner: name, name: service });
        return {
            QUAY_URL: this.quay.url,
            QUAY_TOKEN: this.quay.createToken({ user: name }),
            GITHUB_BASE_URL: this.github.baseUrl,
            GITHUB_OWNER: name,
            GITHUB_TOKEN: this.github.createToken({ user: name }),
        };
    }

    clearRequests(): void {
        this.quay.clearRequests();
        this.github.clearRequests();
    }

    requests(): Requests {
        const registry = this.quay.requests({ path: /^\/v2\// });
        return {
            github: this.github.requests().length,
            quay: this.quay.requests({ path: /^\/api\// }).length,
            registry: registry.length,
            blobBytes: registry.reduce((sum, { blobBytes }) => sum + blobBytes, 0),
        };
    }

    /** @throws Error if a request was not supported */
    check(): void {
        const unknown = this.github.unknown();
        if (unknown.length > 0)
            throw new Error(`GitHub would have answered differently:\n${unknown.join("\n")}`);
    }

    async stop(): Promise<void> {
        await Promise.all([this.quay.stop(), this.github.stop()]);
    }
}
