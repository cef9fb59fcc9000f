import { floatingTagsOf } from "../../../quay/api/floatingTags.ts";
import { findsTag, matchesTag } from "../../../quay/api/tagPattern.ts";
import type { Change, Preview } from "../preview.ts";
import {
    careful,
    dangerous,
    declared,
    isNew,
    listOf,
    type Phrase,
    phrase,
    type Rule,
    show,
    splitMoves,
    textOf,
} from "./rule.ts";

type Inputs = Change["before"];

const immutabilityType = "quay:index:TagImmutabilityPolicy";

/** The rules of Quay's policies: which tags it deletes by itself, and which nobody may move. */
export const quayPolicies: Readonly<Record<string, Rule>> = {
    "quay:index:AutoPrunePolicy": splitMoves(
        (change, preview) => {
            const { before, after } = change;
            const subject = phrase`auto-prune policy of ${scopeOf(change)}`;
            if (change.operation === "delete")
                return [
                    careful(
                        change,
                        phrase`${subject} removed: Quay no longer deletes ${prunes(before)}`,
                    ),
                ];
            const lost = prunedInUse(after, preview);
            return [
                lost.length > 0
                    ? dangerous(
                          change,
                          phrase`${subject}: Quay deletes ${prunes(after)}, and with them what is
                              in use: ${lost.join(", ")}`,
                      )
                    : careful(change, phrase`${subject}: Quay deletes ${prunes(after)}`),
            ];
        },
        "namespace",
        "repository",
    ),

    [immutabilityType]: splitMoves(
        (change) => {
            const scope = scopeOf(change);
            const [from, to] = [
                show(change.before["tagPattern"]),
                show(change.after["tagPattern"]),
            ];
            if (isNew(change))
                return [careful(change, phrase`tags ${to} of ${scope} become immutable`)];
            return change.operation === "delete"
                ? [
                      dangerous(
                          change,
                          phrase`immutability policy removed: new tags ${from} of ${scope} can be
                              moved`,
                      ),
                  ]
                : [dangerous(change, phrase`immutable tags of ${scope}: ${from} → ${to}`)];
        },
        "namespace",
        "repository",
    ),
};

/** Returns what a policy applies to: a namespace or a repository. */
function scopeOf(change: Change): string {
    return textOf(
        change,
        change.before["namespace"] === undefined && change.after["namespace"] === undefined
            ? "repository"
            : "namespace",
    );
}

function prunes({ method, value, tagPattern, tagPatternMatches }: Inputs): Phrase {
    const which =
        tagPattern === undefined
            ? phrase`all tags`
            : phrase`tags ${[tagPatternMatches === false ? "other than" : "like"]}
                ${show(tagPattern)}`;
    return method === "creation_date"
        ? phrase`${which} older than ${show(value)}`
        : phrase`${which} but the newest ${show(value)}`;
}

/**
 * Returns the tags in use that a policy deletes: at once, or when they have reached the age. A
 * number of tags leaves them alone where a repository has no more of them.
 */
function prunedInUse(policy: Inputs, preview: Preview): string[] {
    const immutable = declared(preview, immutabilityType);
    const pruned = usedTags(preview).filter(
        (used) =>
            isOf(used.repository, policy) &&
            isPruned(used.tag, policy) &&
            !immutable.some((one) => isKept(used, one)),
    );
    const kept = policy["method"] === "number_of_tags" ? Number(policy["value"]) : 0;
    return [...Map.groupBy(pruned, ({ repository }) => repository).values()]
        .map((tags) => [...new Set(tags.map(({ tag }) => tag))])
        .filter((tags) => tags.length > kept)
        .flat();
}

interface UsedTag {
    /** NAMESPACE/NAME */
    readonly repository: string;
    readonly tag: string;
}

/** Returns the tags by which the program names what it deploys. */
function usedTags(preview: Preview): UsedTag[] {
    const images = declared(preview, "quay:index:PromotedImage").flatMap((image) => {
        const versions = [...listOf(image["version"]), ...listOf(image["tags"])].map(show);
        const floating = floatingTagsOf(listOf(image["floatingTags"]).map(show), versions);
        return [...versions, ...floating].map((tag) => ({
            repository: show(image["target"]).replace(/^[^/]*\//, ""),
            tag,
        }));
    });
    const floating = declared(preview, "quay:index:FloatingTag").map(({ repository, tag }) => ({
        repository: show(repository),
        tag: show(tag),
    }));
    return [...images, ...floating];
}

function isOf(name: string, { namespace, repository }: Inputs): boolean {
    return repository === undefined
        ? name.startsWith(`${show(namespace)}/`)
        : name === show(repository);
}

/** A pattern that cannot be tested may be for every tag. */
function isPruned(tag: string, { tagPattern, tagPatternMatches }: Inputs): boolean {
    if (tagPattern === undefined) return true;
    const isFound = findsTag(show(tagPattern), tag);
    return isFound === undefined || isFound === (tagPatternMatches !== false);
}

function isKept({ repository, tag }: UsedTag, policy: Inputs): boolean {
    const { tagPattern, tagPatternMatches } = policy;
    return (
        isOf(repository, policy) &&
        matchesTag(show(tagPattern), tag) === (tagPatternMatches !== false)
    );
}
