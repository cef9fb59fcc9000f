import type { Repository } from "../model.ts";
import type { State } from "../state.ts";

/** Quay's repository_lookup_cache_ttl. */
const lifetime = 120_000;

/**
 * Quay caches the repository of a name for each manifest reference, and deleting the repository
 * does not clear that. For two minutes the registry reads manifests from the deleted repository,
 * even after one of that name was created again. Writes, blobs and the API do not use this cache
 * (data/cache/cache_key.py, for_repository_lookup).
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

    /** Does the work of Quay's collector: empties deleted repositories that are still cached. */
    collect(state: State): void {
        const live = new Set(state.repositories.values());
        for (const { repository } of this.found.values()) {
            if (live.has(repository)) continue;
            repository.tags = [];
            repository.manifests.clear();
        }
    }
}
