import { rcompare, valid } from "semver";

/** Returns the tags that name versions (https://semver.org, also with a `v`), the newest first. */
export function versionsAmong(tags: readonly string[]): string[] {
    return tags.filter((tag) => valid(tag) !== null).sort(rcompare);
}

/** Returns those versions that come after another one, the newest first. */
export function versionsAfter(tags: readonly string[], version: string): string[] {
    if (valid(version) === null) return versionsAmong(tags);
    return versionsAmong(tags).filter((tag) => rcompare(tag, version) < 0);
}
