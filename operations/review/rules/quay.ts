import { type Change, type Preview, unknown } from "../preview.ts";
import { permissions } from "./permission.ts";
import { promotedImage } from "./promotedImage.ts";
import { quayPolicies } from "./quayPolicies.ts";
import {
    careful,
    dangerous,
    declared,
    type Finding,
    isChanged,
    isGone,
    isNew,
    phrase,
    splitMoves,
    propertyOf,
    type Rule,
    shortDigest,
    show,
    textOf,
} from "./rule.ts";

/** The rules of Quay's resources (quay/resources/). */
export const quay: Readonly<Record<string, Rule>> = {
    "quay:index:Organization": (change) =>
        isGone(change)
            ? [
                  dangerous(
                      change,
                      phrase`organization ${textOf(change, "name")} is deleted, with everything in
                          it`,
                  ),
              ]
            : [],

    "quay:index:Repository": (change) => {
        const name = `${textOf(change, "namespace")}/${textOf(change, "name")}`;
        if (isGone(change))
            return [dangerous(change, phrase`repository ${name} is deleted, with all its images`)];
        const state = isNew(change) ? undefined : propertyOf(change, "state");
        return [
            visibility(change, name),
            state &&
                careful(
                    change,
                    phrase`repository ${name}: state ${show(state.before)} → ${show(state.after)}`,
                ),
        ];
    },

    "quay:index:Robot": (change, preview) => {
        if (!isGone(change)) return [];
        const name = `${textOf(change, "namespace")}+${textOf(change, "name")}`;
        if (change.operation === "replace")
            return [
                dangerous(
                    change,
                    phrase`robot ${name} is replaced: its credentials stop working, and the new
                        robot has others`,
                ),
            ];
        return hasOtherRobot(change, preview)
            ? [
                  careful(
                      change,
                      phrase`credentials rotated: robot ${name} is deleted, another robot replaces
                          it`,
                  ),
              ]
            : [dangerous(change, phrase`robot ${name} is deleted: its credentials stop working`)];
    },

    ...permissions,

    "quay:index:PromotedImage": promotedImage,

    "quay:index:FloatingTag": splitMoves(
        (change, preview) => {
            const tag = phrase`tag ${textOf(change, "tag")} of ${textOf(change, "repository")}`;
            if (change.operation === "delete") return [careful(change, phrase`${tag} is removed`)];
            const { digest } = change.after;
            // That of the program's own image is reported with the image.
            const isOwn = declared(preview, "quay:index:PromotedImage").some(
                (image) => image["digest"] === digest,
            );
            return digest === unknown || isOwn || !isChanged(change, "digest")
                ? []
                : [careful(change, phrase`${tag} names ${shortDigest(show(digest))}`)];
        },
        "repository",
        "tag",
    ),

    "quay:index:RepositoryMirror": splitMoves((change) => {
        const repository = textOf(change, "repository");
        if (change.operation === "delete")
            return [careful(change, phrase`repository ${repository} is no longer a mirror`)];
        return [
            isChanged(change, "externalReference")
                ? dangerous(
                      change,
                      phrase`images of ${repository} are copied from
                          ${textIn(change, "externalReference")}`,
                  )
                : undefined,
            isChanged(change, "verifyTls") && change.after["verifyTls"] === false
                ? dangerous(
                      change,
                      phrase`mirror ${repository}: the certificate of its source is not verified`,
                  )
                : undefined,
            !isNew(change) && isChanged(change, "robot")
                ? dangerous(
                      change,
                      phrase`mirror ${repository} writes as robot ${textIn(change, "robot")}`,
                  )
                : undefined,
            !isNew(change) && isChanged(change, "tags")
                ? careful(
                      change,
                      phrase`mirror ${repository} copies tags ${textIn(change, "tags")}`,
                  )
                : undefined,
        ];
    }, "repository"),

    "quay:index:ProxyCache": splitMoves((change) => {
        const organization = textOf(change, "organization");
        if (change.operation === "delete")
            return [careful(change, phrase`organization ${organization} is no longer a cache`)];
        return [
            isChanged(change, "upstreamRegistry")
                ? dangerous(
                      change,
                      phrase`images of organization ${organization} come from
                          ${textIn(change, "upstreamRegistry")}`,
                  )
                : undefined,
            isChanged(change, "insecure") && change.after["insecure"] === true
                ? dangerous(
                      change,
                      phrase`organization ${organization} reaches its source over plain HTTP`,
                  )
                : undefined,
        ];
    }, "organization"),

    "quay:index:Quota": splitMoves((change) => {
        const organization = textOf(change, "organization");
        if (change.operation === "delete")
            return [careful(change, phrase`quota of organization ${organization} removed`)];
        const [from, to] = [change.before["limitBytes"], change.after["limitBytes"]];
        return [
            typeof from === "number" && typeof to === "number" && to < from
                ? careful(
                      change,
                      phrase`quota of organization ${organization} lowered: ${show(from)} →
                          ${show(to)} bytes`,
                  )
                : undefined,
            isChanged(change, "limits")
                ? careful(
                      change,
                      phrase`limits of organization ${organization}: ${textIn(change, "limits")}`,
                  )
                : undefined,
        ];
    }, "organization"),

    // Does not name the address: it may contain a secret.
    "quay:index:Notification": (change) => {
        if (change.operation === "delete")
            return [
                careful(
                    change,
                    phrase`notification of ${textOf(change, "repository")} removed: no longer sent
                        for ${show(change.before["event"])}`,
                ),
            ];
        const what = phrase`events ${textIn(change, "event")} of ${textIn(change, "repository")} are
            sent by ${textIn(change, "method")}`;
        return [
            ["repository", "method", "config"].some((name) => isChanged(change, name))
                ? dangerous(change, phrase`${what} to a new address`)
                : careful(change, what),
        ];
    },

    ...quayPolicies,
};

/** Formats the new value of a property. */
function textIn(change: Change, name: string): string {
    return show(change.after[name]);
}

function visibility(change: Change, name: string): Finding | undefined {
    if (!isChanged(change, "visibility")) return undefined;
    const isPublic = change.after["visibility"] === "public";
    if (isNew(change))
        return isPublic
            ? careful(change, phrase`repository ${name} is created public: anyone may pull`)
            : undefined;
    return isPublic
        ? dangerous(change, phrase`repository ${name} is made public: anyone may pull`)
        : careful(change, phrase`repository ${name} is made private: pulling requires a login`);
}

/** Whether the robot's component has another robot: then this one was rotated. */
function hasOtherRobot({ type, parent, urn }: Change, { changes, unchanged }: Preview): boolean {
    const others = [...changes.filter((other) => !isGone(other)), ...unchanged];
    return others.some(
        (other) => other.type === type && other.parent === parent && other.urn !== urn,
    );
}
