import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import {
    careful,
    dangerous,
    declared,
    type Finding,
    isGone,
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

const federationType = "quay:index:RobotFederation";

/** The rules of who may do what on Quay. A permission of somebody new is dangerous. */
export const permissions: Readonly<Record<string, Rule>> = {
    "quay:index:RepositoryPermission": (change, preview) =>
        permission(change, holderOf(change), phrase`${textOf(change, "repository")}`, (inputs) =>
            ofRobot(inputs, preview),
        ),
    "quay:index:DefaultPermission": (change) =>
        permission(
            change,
            holderOf(change),
            phrase`every new repository of ${textOf(change, "organization")}`,
        ),
    // A new team is empty: who joins it has a finding of its own.
    "quay:index:Team": (change) =>
        permission(
            change,
            phrase`team ${textOf(change, "name")}`,
            phrase`organization ${textOf(change, "organization")}`,
            ({ role }) => (role === "member" ? undefined : dangerous),
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

    [federationType]: splitMoves((change, { changes, unchanged }) => {
        const robot = textOf(change, "robot");
        if (change.operation === "delete")
            return [
                careful(change, phrase`robot ${robot}: logging in requires its password again`),
            ];
        const claims = (inputs: Inputs) => listOf(inputs["claims"]).map(show);
        // A robot that is rotated has a successor with the same claims.
        const known = [
            ...changes.map(({ type, before }) => ({ type, inputs: before })),
            ...unchanged,
        ]
            .filter(({ type }) => type === federationType)
            .flatMap(({ inputs }) => claims(inputs));
        return claims(change.after)
            .filter((claim) => isGone(change) || !claims(change.before).includes(claim))
            .map((claim) =>
                (known.includes(claim) ? careful : dangerous)(
                    change,
                    phrase`permission widened: logs in as robot ${robot} without its password:
                        ${claim}`,
                ),
            );
    }, "robot"),
};

const roles = ["read", "member", "write", "creator", "admin"];

type Grade = typeof careful | typeof dangerous | undefined;

/** @param gradeOf how much a permission with these inputs matters, if it is not for admins. */
function permission(
    change: Change,
    who: Phrase,
    on: Phrase,
    gradeOf: (inputs: Inputs) => Grade = () => dangerous,
): Finding[] {
    const { before, after } = change;
    const [from, to] = [before["role"], after["role"]];
    const finding = to === "admin" ? dangerous : gradeOf(after);
    if (change.operation === "delete")
        return [careful(change, phrase`${who} loses ${show(from)} on ${on}`)];
    if (isNew(change))
        return finding === undefined
            ? []
            : [finding(change, phrase`permission widened: ${who} gets ${show(to)} on ${on}`)];
    if (isGone(change))
        return [
            (finding ?? careful)(
                change,
                phrase`permission moved: ${show(from)} of ${who} on ${on} → ${show(to)} of
                    ${holder(after)}`,
            ),
        ];
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

/**
 * A permission is expected where both the robot and the repository are this program's. The name of
 * a rotated robot is not known in a preview.
 */
function ofRobot({ robot, repository }: Inputs, preview: Preview): Grade {
    const repositories = namesOf("quay:index:Repository", "/", preview);
    if (!repositories.includes(show(repository))) return dangerous;
    const robots = namesOf("quay:index:Robot", "+", preview);
    if (robot === unknown)
        return robots.some((name) => name.endsWith(`+${unknown}`)) ? careful : dangerous;
    return robots.includes(show(robot)) ? undefined : dangerous;
}

/** Returns the full names of what the program declares: NAMESPACE, the separator and the name. */
function namesOf(type: string, separator: string, preview: Preview): string[] {
    return declared(preview, type).map(
        ({ namespace, name }) => `${show(namespace)}${separator}${show(name)}`,
    );
}

/** Returns who has a permission, or had it if it is deleted or replaced. */
function holderOf(change: Change): Phrase {
    return holder(isGone(change) ? change.before : change.after);
}

function holder(inputs: Inputs): Phrase {
    const kind = ["robot", "user", "team"].find((kind) => inputs[kind] !== undefined);
    return kind === undefined ? phrase`${unknown}` : phrase`${[kind]} ${show(inputs[kind])}`;
}
