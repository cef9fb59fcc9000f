import type { Change, Preview, Value } from "../preview.ts";
import { valueAt } from "../properties.ts";
import { careful, dangerous, type Finding, isChanged, isGone, isNew, listOf, phrase, propertyOf, type Rule, show, textOf } from "./rule.ts";

/** What changes of Quay's resources are to a reviewer (quay/). */
export const quay: Readonly<Record<string, Rule>> = {
    "quay:index:Organization": (change) =>
        isGone(change) ? [dangerous(change, phrase`organization ${textOf(change, "name")} is deleted, with all that is in it`)] : [],

    "quay:index:Repository": (change) => {
        const name = `${textOf(change, "namespace")}/${textOf(change, "name")}`;
        if (isGone(change)) return [dangerous(change, phrase`repository ${name} is deleted, with all its images`)];
        const state = propertyOf(change, "state");
        return [
            ...visibility(change, name),
            ...(state !== undefined && !isNew(change)
                ? [careful(change, phrase`repository ${name}: state ${show(state.before)} → ${show(state.after)}`)]
                : []),
        ];
    },

    "quay:index:Robot": (change, preview) => {
        if (!isGone(change)) return [];
        const name = `${textOf(change, "namespace")}+${textOf(change, "name")}`;
        if (change.operation === "replace")
            return [
                dangerous(change, phrase`robot ${name} is replaced: its credentials stop working, and those of the new one are others`),
            ];
        return hasOtherRobot(change, preview)
            ? [careful(change, phrase`credentials rotated: robot ${name} is deleted, another is there in its place`)]
            : [dangerous(change, phrase`robot ${name} is deleted: its credentials stop working`)];
    },

    "quay:index:RepositoryPermission": (change) => permission(change, holderOf(change), textOf(change, "repository")),
    "quay:index:DefaultPermission": (change) =>
        permission(change, holderOf(change), `every new repository of ${textOf(change, "organization")}`),
    "quay:index:Team": (change) => permission(change, `team ${textOf(change, "name")}`, `organization ${textOf(change, "organization")}`),
    "quay:index:TeamMembership": (change) =>
        change.operation === "delete"
            ? []
            : [dangerous(change, phrase`permission widened: ${show(change.after["member"])} joins team ${show(change.after["team"])}`)],

    "quay:index:RobotFederation": (change) => {
        const robot = textOf(change, "robot");
        if (change.operation === "delete") return [careful(change, phrase`robot ${robot}: nobody logs in any more without its password`)];
        const claims = (side: Change["before"]) => listOf(side["claims"]).map(show);
        const added = claims(change.after).filter((claim) => !claims(change.before).includes(claim));
        return added.map((claim) =>
            (isNew(change) ? careful : dangerous)(
                change,
                phrase`permission widened: logs in as robot ${robot} without its password: ${claim}`,
            ),
        );
    },

    "quay:index:PromotedImage": (change) => {
        if (change.operation === "delete")
            return [careful(change, phrase`image ${textOf(change, "target")}: no longer looked after; its tags stay`)];
        const version = (side: Change["before"]) => valueAt(side, "version") ?? listOf(side["tags"]).map(show).join(", ");
        const [from, to] = [version(change.before), version(change.after)];
        const target = show(change.after["target"]);
        return [
            ...(from === to ? [] : [careful(change, phrase`version of ${target}: ${show(from) || "none"} → ${show(to) || "none"}`)]),
            ...(isChanged(change, "digest")
                ? [
                      careful(
                          change,
                          phrase`image of ${target}: ${shortDigest(change.before["digest"])} → ${shortDigest(change.after["digest"])}`,
                      ),
                  ]
                : []),
            ...(isChanged(change, "source") && !isNew(change)
                ? [
                      careful(
                          change,
                          phrase`images of ${target} come from ${show(change.before["source"])} → ${show(change.after["source"])}`,
                      ),
                  ]
                : []),
        ];
    },

    "quay:index:AutoPrunePolicy": (change) => {
        const where = placeOf(change);
        return change.operation === "delete"
            ? [careful(change, phrase`auto-prune policy of ${where} removed: Quay no longer deletes ${prunes(change.before)}`)]
            : [careful(change, phrase`auto-prune policy of ${where}: Quay deletes ${prunes(change.after)}`)];
    },

    "quay:index:TagImmutabilityPolicy": (change) => {
        const [pattern, where] = [textOf(change, "tagPattern"), placeOf(change)];
        if (isNew(change))
            return [careful(change, phrase`tags ${pattern} of ${where} become immutable, which cannot be undone as a whole`)];
        return [
            change.operation === "delete"
                ? dangerous(change, phrase`immutability policy removed: new tags ${pattern} of ${where} can be moved`)
                : dangerous(
                      change,
                      phrase`immutable tags of ${where}: ${show(change.before["tagPattern"])} → ${show(change.after["tagPattern"])}`,
                  ),
        ];
    },
};

/** Whether the component that the robot is part of has another: then this one was rotated. */
function hasOtherRobot(change: Change, { changes, unchanged }: Preview): boolean {
    const others = [...changes.filter((other) => !isGone(other)), ...unchanged];
    return (
        change.parent !== "" &&
        others.some((other) => other.type === change.type && other.parent === change.parent && other.urn !== change.urn)
    );
}

function visibility(change: Change, name: string): Finding[] {
    if (!isChanged(change, "visibility")) return [];
    const isPublic = change.after["visibility"] === "public";
    if (isNew(change)) return isPublic ? [careful(change, phrase`repository ${name} is made, public: anyone may pull`)] : [];
    return isPublic
        ? [dangerous(change, phrase`repository ${name} is made public: anyone may pull`)]
        : [careful(change, phrase`repository ${name} is made private: nobody pulls without a login`)];
}

const roles = ["read", "member", "write", "creator", "admin"];

function permission(change: Change, who: string, on: string): Finding[] {
    const [from, to] = [change.before["role"], change.after["role"]];
    if (change.operation === "delete") return [careful(change, phrase`${who} loses ${show(from)} on ${on}`)];
    if (isNew(change)) return to === "admin" ? [dangerous(change, phrase`permission widened: ${who} gets ${show(to)} on ${on}`)] : [];
    const rank = (role: Value | undefined) => roles.indexOf(show(role));
    if (rank(to) > rank(from)) return [dangerous(change, phrase`permission widened: ${who} on ${on}: ${show(from)} → ${show(to)}`)];
    return rank(to) === rank(from) ? [] : [careful(change, phrase`permission narrowed: ${who} on ${on}: ${show(from)} → ${show(to)}`)];
}

function holderOf(change: Change): string {
    for (const kind of ["robot", "user", "team", "delegate"]) {
        if (valueAt({ ...change.before, ...change.after }, kind) !== undefined) return `${kind} ${textOf(change, kind)}`;
    }
    return change.name;
}

/** What a policy holds for. */
function placeOf(change: Change): string {
    const repository = textOf(change, "repository");
    return repository === "none" ? textOf(change, "namespace") : repository;
}

function prunes(policy: Change["before"]): string {
    const { method, value, tagPattern, tagPatternMatches } = policy;
    const which =
        tagPattern === undefined || tagPattern === null
            ? "all tags"
            : `tags ${tagPatternMatches === false ? "other than" : "like"} ${show(tagPattern)}`;
    return method === "creation_date" ? `${which} older than ${show(value)}` : `${which} but the newest ${show(value)}`;
}

/** Enough of a digest to tell it by; the whole is in the diff. */
function shortDigest(digest: Value | undefined): string {
    return show(digest).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1…");
}
