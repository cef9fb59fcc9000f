import { QuayError } from "../../quay/api/errors.ts";
import type { QuayClient } from "../../quay/api/client.ts";
import { secondsOf } from "../../quay/api/age.ts";
import { commitOf, labelsOf } from "../../quay/api/imageLabels.ts";
import { parseImageName } from "../../quay/api/imageName.ts";
import { RegistrySession } from "../../quay/api/registry.ts";
import { findRunningProblem, runningTag } from "../../quay/api/running.ts";
import { checkSeverity, type Scan, scansOf } from "../../quay/api/severity.ts";
import { listActiveTags, listTagHistory, noRepository } from "../../quay/api/tags.ts";
import type { PromotionStack } from "./stack.ts";

/** What is known of an image. */
export interface Details {
    /** The commit that it was built from; undefined where it does not say. */
    readonly commit: string | undefined;
    /** Its scans, one for each platform; undefined where Quay has none. */
    readonly scans: readonly Scan[] | undefined;
    /** Since when it runs in the stack before, in Unix seconds; undefined where it does not. */
    readonly runsSince: number | undefined;
}

/** A repository on the Quay of this client. */
export class Source {
    readonly #api: QuayClient;
    readonly #path: string;

    /** @throws QuayError for a repository on another Quay. */
    constructor(api: QuayClient, repository: string) {
        const name = parseImageName(repository);
        if (name?.host !== api.site.host)
            throw new QuayError(
                `${repository} is on another Quay than ${api.site.url}: set QUAY_URL.`,
            );
        this.#api = api;
        this.#path = name.path;
    }

    /** Returns the digests of all tags, by tag. */
    async tags(): Promise<ReadonlyMap<string, string>> {
        const tags = await listActiveTags(this.#api, this.#path, {});
        if (tags === undefined) throw noRepository(this.#api, this.#path);
        return new Map(tags.map(({ name, digest }) => [name, digest]));
    }

    /** Returns what has run there, the newest first. */
    async history() {
        const now = Math.floor(Date.now() / 1000);
        return (await listTagHistory(this.#api, this.#path, runningTag, now)) ?? [];
    }

    /** Says of an image why it may not be promoted now, as "It …"; undefined if it may. */
    async problemOf(
        digest: string,
        gate: PromotionStack["promoteFrom"],
    ): Promise<string | undefined> {
        const { environment = this.#path, maxSeverity, severityException } = gate;
        if (gate.requireRunning) {
            const problem = await findRunningProblem(this.#api, {
                repository: this.#path,
                digest,
                subject: "It",
                environment,
                soak: secondsOf(gate.soak ?? "") ?? 0,
            });
            if (problem !== undefined) return problem.message;
        }
        if (maxSeverity === undefined) return undefined;
        try {
            const manifest = await this.#manifest(digest);
            await checkSeverity(this.#api, this.#path, manifest, maxSeverity, severityException);
            return undefined;
        } catch (error) {
            if (error instanceof QuayError) return error.message;
            throw error;
        }
    }

    /** Reads what is known of an image. */
    async detailsOf(digest: string): Promise<Details> {
        const manifest = await this.#manifest(digest);
        const side = { session: this.#session(), path: this.#path };
        const [labels, scans, history] = await Promise.all([
            labelsOf(side, manifest),
            scansOf(this.#api, this.#path, manifest).catch((error: unknown) => {
                if (error instanceof QuayError) return undefined;
                throw error;
            }),
            this.history(),
        ]);
        const [runs] = history;
        return {
            commit: commitOf(labels),
            scans,
            runsSince: runs?.digest === digest && runs.end === undefined ? runs.start : undefined,
        };
    }

    async #manifest(digest: string) {
        const manifest = await this.#session().manifest(this.#path, digest);
        if (manifest === undefined) throw new QuayError(`There is no ${digest} in ${this.#path}.`);
        return manifest;
    }

    #session(): RegistrySession {
        const scopes = [`repository:${this.#path}:pull`];
        return new RegistrySession(this.#api, this.#api.site.host, undefined, scopes);
    }
}
