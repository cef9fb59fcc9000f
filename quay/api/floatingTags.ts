/**
 * Floating tags that follow versions: `{{major}}.{{minor}}` stands for `1.1` of the version 1.1.0.
 * The placeholders are those of docker/metadata-action.
 */

/** A version that floating tags follow: three numbers, and nothing that marks a pre-release. */
const release = /^(\d+)\.(\d+)\.\d+$/;

const placeholder = /\{\{(major|minor)\}\}/g;

/** Whether the floating tag follows versions. */
export function followsVersions(floatingTag: string): boolean {
    return floatingTag.search(placeholder) >= 0;
}

/**
 * Returns the tags that an image gets by floating tags. One that follows versions gives none to an
 * image without a version such as 1.1.0.
 */
export function floatingTagsOf(
    floatingTags: readonly string[],
    versions: readonly string[],
): string[] {
    const given = floatingTags.flatMap((tag) =>
        followsVersions(tag) ? versions.flatMap((version) => expand(tag, version)) : [tag],
    );
    return [...new Set(given)];
}

/** Whether a tag is one that a floating tag gives, to this version or to another one. */
export function isFloating(floatingTags: readonly string[], tag: string): boolean {
    return floatingTags.some((floating) => {
        const pattern = floating.replaceAll(".", "\\.").replace(placeholder, "\\d+");
        return new RegExp(`^${pattern}$`).test(tag);
    });
}

function expand(floatingTag: string, version: string): string[] {
    const [, major = "", minor = ""] = release.exec(version) ?? [];
    if (major === "") return [];
    return [floatingTag.replace(placeholder, (_, part) => (part === "major" ? major : minor))];
}
