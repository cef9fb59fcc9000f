import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import { promotedImage } from "./promotedImage.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    type Phrase,
    phrase,
    splitMoves,
    propertyOf,
    type Rule,
    show,
    textOf,
} from "./rule.ts";

type Inputs = Change["before"];

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

    "quay:index:RepositoryPermission": (change) =>
        permission(change, holderOf(change), phrase`${textOf(change, "repository")}`),
    "quay:index:DefaultPermission": (change) =>
        permission(
            change,
            holderOf(change),
            phrase`every new repository of ${textOf(change, "organization")}`,
        ),
    "quay:index:Team": (change) =>
        permission(
            change,
            phrase`team ${textOf(change, "name")}`,
            phrase`organization ${textOf(change, "organization")}`,
        ),
    "quay:index:TeamMembership": (change) =>
        change.operation === "delete"
            ? []
            : [
                  dangerous(
                      change,
                      phrase`permission widened: ${show(change.after["member"])} joins team
                          ${show(change.after["team"])}`,
                  ),
              ],

    "quay:index:RobotFederation": splitMoves((change) => {
        const robot = textOf(change, "robot");
        if (change.operation === "delete")
            return [
                careful(change, phrase`robot ${robot}: logging in requires its password again`),
            ];
        const claims = (inputs: Inputs) => listOf(inputs["claims"]).map(show);
        const added = claims(change.after).filter(
            (claim) => isGone(change) || !claims(change.before).includes(claim),
        );
        const finding = isNew(change) ? careful : dangerous;
        return added.map((claim) =>
            finding(
                change,
                phrase`permission widened: logs in as robot ${robot} without its password:
                    ${claim}`,
            ),
        );
    }, "robot"),

    "quay:index:PromotedImage": promotedImage,

    // Which image it moves to is reported with the image.
    "quay:index:FloatingTag": splitMoves(
        (change) =>
            change.operation === "delete"
                ? [
                      careful(
                          change,
                          phrase`tag ${textOf(change, "tag")} of ${textOf(change, "repository")} is
                              removed`,
                      ),
                  ]
                : [],
        "repository",
        "tag",
    ),

    "quay:index:AutoPrunePolicy": splitMoves(
        (change) => {
            const scope = scopeOf(change);
            return change.operation === "delete"
                ? [
                      careful(
                          change,
                          phrase`auto-prune policy of ${scope} removed: Quay no longer deletes
                              ${prunes(change.before)}`,
                      ),
                  ]
                : [
                      careful(
                          change,
                          phrase`auto-prune policy of ${scope}: Quay deletes
                              ${prunes(change.after)}`,
                      ),
                  ];
        },
        "namespace",
        "repository",
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
        return [
            careful(
                change,
                phrase`events ${textIn(change, "event")} of ${textIn(change, "repository")} are sent
                    by ${textIn(change, "method")}`,
            ),
        ];
    },

    "quay:index:TagImmutabilityPolicy": splitMoves(
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

const roles = ["read", "member", "write", "creator", "admin"];

function permission(change: Change, who: Phrase, on: Phrase): Finding[] {
    const [from, to] = [change.before["role"], change.after["role"]];
    if (change.operation === "delete")
        return [careful(change, phrase`${who} loses ${show(from)} on ${on}`)];
    if (isNew(change))
        return to === "admin"
            ? [dangerous(change, phrase`permission widened: ${who} gets ${show(to)} on ${on}`)]
            : [];
    if (isGone(change)) {
        const finding = to === "admin" ? dangerous : careful;
        return [
            finding(
                change,
                phrase`permission moved: ${show(from)} of ${who} on ${on} → ${show(to)} of
                    ${holder(change.after)}`,
            ),
        ];
    }
    const rank = (role: Value | undefined) => roles.indexOf(show(role));
    if (rank(to) === rank(from)) return [];
    return rank(to) > rank(from)
        ? [
              dangerous(
                  change,
                  phrase`permission widened: ${who} on ${on}: ${show(from)} → ${show(to)}`,
              ),
          ]
        : [
              careful(
                  change,
                  phrase`permission narrowed: ${who} on ${on}: ${show(from)} → ${show(to)}`,
              ),
          ];
}

/** Returns who has a permission, or had it if it is deleted or replaced. */
function holderOf(change: Change): Phrase {
    return holder(isGone(change) ? change.before : change.after);
}

function holder(inputs: Inputs): Phrase {
    const kind = ["robot", "user", "team"].find((kind) => inputs[kind] !== undefined);
    return kind === undefined ? phrase`${unknown}` : phrase`${[kind]} ${show(inputs[kind])}`;
}

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
