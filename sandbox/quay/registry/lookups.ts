import type { Repository } from "../model.ts";
import type { State } from "../state.ts";

/** Quay's repository_lookup_cache_ttl. */
const lifetime = 120_000;

/**
 * Quay caches which repository a name means, per manifest reference, and a deletion does not clear that: for two minutes
 * the registry reads manifests from the deleted repository, also when there is a new one of that name. Writes, blobs and
 * the API do not use this cache (data/cache/cache_key.py, for_repository_lookup).
 */
export class RepositoryLookups {
    private readonly found = new Map<string, { repository: Repository; until: number }>();

    find(state: State, path: string, reference: string): Repository | undefined {
        const key = `${path}_${reference}`;
        const cached = this.found.get(key);
        if (cached !== undefined && cached.until > Date.now()) return cached.repository;
        const repository = state.repositories.get(path);
        if (repository !== undefined)
            this.found.set(key, { repository, until: Date.now() + lifetime });
        return repository;
    }

    /** Quay's collector: what deleted repositories held is gone, and the cached lookups find nothing. */
    collect(state: State): void {
        const live = new Set(state.repositories.values());
        for (const { repository } of this.found.values()) {
            if (live.has(repository)) continue;
            repository.tags = [];
            repository.manifests.clear();
        }
    }
}
