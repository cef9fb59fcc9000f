import { severities } from "../../../quay/api/severity.ts";
import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import { isObject } from "../properties.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    missing,
    type Phrase,
    phrase,
    placed,
    propertyOf,
    type Rule,
    show,
    textOf,
    transitionOf,
} from "./rule.ts";

type Inputs = Change["before"];

/** What changes of Quay's resources are to a reviewer (quay/). */
export const quay: Readonly<Record<string, Rule>> = {
    "quay:index:Organization": (change) =>
        isGone(change)
            ? [
                  dangerous(
                      change,
                      phrase`organization ${textOf(change, "name")} is deleted, with all that is in it`,
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
                    phrase`robot ${name} is replaced: its credentials stop working, and those of the new one are others`,
                ),
            ];
        return hasOtherRobot(change, preview)
            ? [
                  careful(
                      change,
                      phrase`credentials rotated: robot ${name} is deleted, another is there in its place`,
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
                      phrase`permission widened: ${show(change.after["member"])} joins team ${show(change.after["team"])}`,
                  ),
              ],

    "quay:index:RobotFederation": placed((change) => {
        const robot = textOf(change, "robot");
        if (change.operation === "delete")
            return [
                careful(
                    change,
                    phrase`robot ${robot}: nobody logs in any more without its password`,
                ),
            ];
        const claims = (inputs: Inputs) => listOf(inputs["claims"]).map(show);
        const added = claims(change.after).filter(
            (claim) => isGone(change) || !claims(change.before).includes(claim),
        );
        const finding = isNew(change) ? careful : dangerous;
        return added.map((claim) =>
            finding(
                change,
                phrase`permission widened: logs in as robot ${robot} without its password: ${claim}`,
            ),
        );
    }, "robot"),

    "quay:index:PromotedImage": placed((change, preview) => {
        const target = textOf(change, "target");
        if (change.operation === "delete")
            return [
                careful(change, phrase`image of ${target}: no longer looked after; its tags stay`),
            ];
        const version = (inputs: Inputs) =>
            show(inputs["version"] ?? listOf(inputs["tags"]).map(show).join(", "));
        const from = isNew(change) ? "none" : version(change.before);
        const to = version(change.after);
        const { before, after } = change;
        return [
            from === to
                ? undefined
                : careful(change, phrase`version of ${target}: ${from} → ${to}`),
            !isNew(change) && from === to && isBuiltAgain(preview)
                ? dangerous(
                      change,
                      phrase`version ${to} of ${target} gets another content: \`up\` refuses to move a version; raise mlops:service.version`,
                  )
                : undefined,
            isChanged(change, "digest")
                ? careful(
                      change,
                      phrase`image of ${target}: ${digest(before["digest"])} → ${digest(after["digest"])}`,
                  )
                : undefined,
            ...floatingTags(change, target),
            signature(change, target),
            ...severity(change, target),
            isChanged(change, "source") && !isNew(change)
                ? careful(
                      change,
                      phrase`images of ${target} come from ${show(before["source"])} → ${show(after["source"])}`,
                  )
                : undefined,
        ];
    }, "target"),

    "quay:index:AutoPrunePolicy": placed(
        (change) => {
            const where = placeOf(change);
            return change.operation === "delete"
                ? [
                      careful(
                          change,
                          phrase`auto-prune policy of ${where} removed: Quay no longer deletes ${prunes(change.before)}`,
                      ),
                  ]
                : [
                      careful(
                          change,
                          phrase`auto-prune policy of ${where}: Quay deletes ${prunes(change.after)}`,
                      ),
                  ];
        },
        "namespace",
        "repository",
    ),

    "quay:index:RepositoryMirror": placed((change) => {
        const repository = textOf(change, "repository");
        if (change.operation === "delete")
            return [careful(change, phrase`repository ${repository} is no longer a mirror`)];
        return [
            isChanged(change, "externalReference")
                ? dangerous(
                      change,
                      phrase`images of ${repository} are copied from ${textIn(change, "externalReference")}`,
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

    "quay:index:ProxyCache": placed((change) => {
        const organization = textOf(change, "organization");
        if (change.operation === "delete")
            return [careful(change, phrase`organization ${organization} is no longer a cache`)];
        return [
            isChanged(change, "upstreamRegistry")
                ? dangerous(
                      change,
                      phrase`images of organization ${organization} come from ${textIn(change, "upstreamRegistry")}`,
                  )
                : undefined,
            isChanged(change, "insecure") && change.after["insecure"] === true
                ? dangerous(
                      change,
                      phrase`organization ${organization} asks its source by plain HTTP`,
                  )
                : undefined,
        ];
    }, "organization"),

    "quay:index:Quota": placed((change) => {
        const organization = textOf(change, "organization");
        if (change.operation === "delete")
            return [careful(change, phrase`quota of organization ${organization} removed`)];
        const [from, to] = [change.before["limitBytes"], change.after["limitBytes"]];
        return [
            typeof from === "number" && typeof to === "number" && to < from
                ? careful(
                      change,
                      phrase`quota of organization ${organization} lowered: ${show(from)} → ${show(to)} bytes`,
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

    // Its address may hold a secret.
    "quay:index:Notification": (change) => {
        if (change.operation === "delete")
            return [
                careful(
                    change,
                    phrase`notification of ${textOf(change, "repository")} removed: nobody is told of ${show(change.before["event"])}`,
                ),
            ];
        return [
            careful(
                change,
                phrase`events ${textIn(change, "event")} of ${textIn(change, "repository")} are sent by ${textIn(change, "method")}`,
            ),
        ];
    },

    "quay:index:TagImmutabilityPolicy": placed(
        (change) => {
            const where = placeOf(change);
            const [from, to] = [
                show(change.before["tagPattern"]),
                show(change.after["tagPattern"]),
            ];
            if (isNew(change))
                return [careful(change, phrase`tags ${to} of ${where} become immutable`)];
            return change.operation === "delete"
                ? [
                      dangerous(
                          change,
                          phrase`immutability policy removed: new tags ${from} of ${where} can be moved`,
                      ),
                  ]
                : [dangerous(change, phrase`immutable tags of ${where}: ${from} → ${to}`)];
        },
        "namespace",
        "repository",
    ),
};

/** The tags that move with every deployment, where others do. */
function floatingTags(change: Change, target: string): Finding[] {
    const tags = transitionOf(change, "floatingTags", []);
    if (isNew(change) || tags === undefined) return [];
    const [before, after] = [listOf(tags.before).map(show), listOf(tags.after).map(show)];
    const [kept, added] = [missing(before, after), missing(after, before)];
    return [
        ...(added.length === 0
            ? []
            : [
                  careful(
                      change,
                      phrase`tags ${added.join(", ")} of ${target} move to this image, and with every later deployment`,
                  ),
              ]),
        ...(kept.length === 0
            ? []
            : [
                  careful(
                      change,
                      phrase`tags ${kept.join(", ")} of ${target} no longer move: they keep the image that they name now`,
                  ),
              ]),
    ];
}

/** What the scanner may find in an image that is promoted, where that is more than before. */
function severity(change: Change, target: string): (Finding | undefined)[] {
    if (isNew(change)) return [];
    const [from, to] = [change.before["maxSeverity"], change.after["maxSeverity"]];
    const rank = (severity: Value | undefined) =>
        severities.findIndex((known) => known === severity);
    const { reason, expires, digest: image } = objectOf(change.after["severityException"]);
    return [
        from !== undefined && to === undefined
            ? dangerous(
                  change,
                  phrase`protection removed: images of ${target} are promoted whatever Quay's scanner finds`,
              )
            : undefined,
        from !== undefined && to !== undefined && rank(to) < rank(from)
            ? dangerous(
                  change,
                  phrase`protection weakened: images of ${target} with findings of severity ${show(from)} are promoted, the limit is now ${show(to)}`,
              )
            : undefined,
        isChanged(change, "severityException") && image !== undefined
            ? dangerous(
                  change,
                  phrase`image ${digest(image)} of ${target} is promoted in spite of its scan until ${show(expires)}: ${show(reason)}`,
              )
            : undefined,
    ];
}

function objectOf(value: Value | undefined): Inputs {
    return isObject(value) ? value : {};
}

/** Which key an image has to be signed with, where that changes. */
function signature(change: Change, target: string): Finding | undefined {
    if (isNew(change) || !isChanged(change, "signature")) return undefined;
    if (change.before["signature"] === undefined)
        return careful(change, phrase`images of ${target} have to be signed`);
    return dangerous(
        change,
        change.after["signature"] === undefined
            ? phrase`protection removed: images of ${target} need no signature`
            : phrase`images of ${target} have to be signed with another key`,
    );
}

/** A property as it will be. */
function textIn(change: Change, name: string): string {
    return show(change.after[name]);
}

/** Whether the content of an image that the stack builds is another one. */
function isBuiltAgain({ changes }: Preview): boolean {
    return changes.some(
        (change) =>
            change.type === "docker:index/registryImage:RegistryImage" &&
            !isNew(change) &&
            isChanged(change, "triggers"),
    );
}

function visibility(change: Change, name: string): Finding | undefined {
    if (!isChanged(change, "visibility")) return undefined;
    const isPublic = change.after["visibility"] === "public";
    if (isNew(change))
        return isPublic
            ? careful(change, phrase`repository ${name} is made, public: anyone may pull`)
            : undefined;
    return isPublic
        ? dangerous(change, phrase`repository ${name} is made public: anyone may pull`)
        : careful(change, phrase`repository ${name} is made private: nobody pulls without a login`);
}

/** Whether the component that the robot is part of has another: then this one was rotated. */
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
                phrase`permission moved: ${show(from)} of ${who} on ${on} → ${show(to)} of ${holder(change.after)}`,
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

/** Who has a permission: as it will be, or as it was where it goes or moves. */
function holderOf(change: Change): Phrase {
    return holder(isGone(change) ? change.before : change.after);
}

function holder(inputs: Inputs): Phrase {
    const kind = ["robot", "user", "team"].find((kind) => inputs[kind] !== undefined);
    return kind === undefined ? phrase`${unknown}` : phrase`${[kind]} ${show(inputs[kind])}`;
}

/** What a policy holds for. */
function placeOf(change: Change): string {
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
            : phrase`tags ${[tagPatternMatches === false ? "other than" : "like"]} ${show(tagPattern)}`;
    return method === "creation_date"
        ? phrase`${which} older than ${show(value)}`
        : phrase`${which} but the newest ${show(value)}`;
}

/** Enough of a digest to tell it by; the whole is in the diff. */
function digest(value: Value | undefined): string {
    return show(value).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1…");
}
