import { secondsOf } from "../../../quay/api/age.ts";
import { severities } from "../../../quay/api/severity.ts";
import { type Change, type Preview, type Value } from "../preview.ts";
import { isObject } from "../properties.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isNew,
    listOf,
    missing,
    phrase,
    type Rule,
    shortDigest,
    show,
    splitMoves,
    textOf,
    transitionOf,
} from "./rule.ts";

type Inputs = Change["before"];

const type = "quay:index:PromotedImage";

/** The rule of an image that is promoted, of its tags, and of what an image has to have passed. */
export const promotedImage: Rule = (change, preview) => [
    ...image(change, preview),
    ...gates(change, preview),
];

const image: Rule = splitMoves((change, preview) => {
    const target = textOf(change, "target");
    if (change.operation === "delete")
        return [careful(change, phrase`image of ${target} is no longer managed; its tags stay`)];
    const from = isNew(change) ? "none" : version(change.before);
    const to = version(change.after);
    const { before, after } = change;
    return [
        from === to ? undefined : careful(change, phrase`version of ${target}: ${from} → ${to}`),
        !isNew(change) && from === to && isBuiltAgain(preview)
            ? dangerous(
                  change,
                  phrase`version ${to} of ${target} gets different content: \`up\` refuses to
                          move a version; raise mlops:service.version`,
              )
            : undefined,
        isChanged(change, "digest")
            ? careful(
                  change,
                  phrase`image of ${target}: ${digest(before["digest"])} →
                          ${digest(after["digest"])}`,
              )
            : undefined,
        ...floatingTags(change, target),
        isChanged(change, "source") && !isNew(change)
            ? careful(
                  change,
                  phrase`images of ${target} come from ${show(before["source"])} →
                          ${show(after["source"])}`,
              )
            : undefined,
    ];
}, "target");

/**
 * Finds what an image no longer has to pass before its promotion. One with another target, or under
 * another name in the program, is compared with the one in whose place it comes.
 */
function gates(change: Change, { changes }: Preview): (Finding | undefined)[] {
    if (change.operation === "delete") return [];
    const target = show(change.after["target"]);
    const former = isNew(change)
        ? changes.find((other) => other.type === type && other.operation === "delete")
        : change;
    const compared = former && { ...change, before: former.before };
    return [
        ...(compared === undefined
            ? []
            : [
                  signature(compared, target),
                  provenance(compared, target),
                  trustedRoot(compared, target),
                  ...severity(compared, target),
                  running(compared, target),
              ]),
        exception(change, target),
    ];
}

/** Returns the version; of a followed tag, which moves, the commit where the image says it. */
function version({ version: named, commit, tags }: Inputs): string {
    const isFollowed = named !== undefined && Array.isArray(tags) && tags.length === 0;
    if (isFollowed && commit) return `sha-${show(commit)}`;
    return show(named ?? listOf(tags).map(show).join(", "));
}

/** Finds tags that begin or cease to move with every deployment. */
function floatingTags(change: Change, target: string): Finding[] {
    const tags = transitionOf(change, "floatingTags", []);
    if (isNew(change) || tags === undefined) return [];
    // A version that is looked up where it was made: the workflow that makes them moves the tags.
    const { version, source } = change.after;
    if (version !== undefined && show(source) === target) return [];
    const [before, after] = [listOf(tags.before).map(show), listOf(tags.after).map(show)];
    const [kept, added] = [missing(before, after), missing(after, before)];
    return [
        ...(added.length === 0
            ? []
            : [
                  careful(
                      change,
                      phrase`tags ${added.join(", ")} of ${target} move to this image, and with
                          every later deployment`,
                  ),
              ]),
        ...(kept.length === 0
            ? []
            : [
                  careful(
                      change,
                      phrase`tags ${kept.join(", ")} of ${target} no longer move: they keep the
                          image that they name now`,
                  ),
              ]),
    ];
}

/** Finds severities that no longer stop a promotion. */
function severity(change: Change, target: string): (Finding | undefined)[] {
    const [from, to] = [change.before["maxSeverity"], change.after["maxSeverity"]];
    const rank = (severity: Value | undefined) =>
        severities.findIndex((known) => known === severity);
    return [
        from !== undefined && to === undefined
            ? dangerous(
                  change,
                  phrase`protection removed: images of ${target} are promoted regardless of what
                      Quay's scanner finds`,
              )
            : undefined,
        from !== undefined && to !== undefined && rank(to) < rank(from)
            ? dangerous(
                  change,
                  phrase`protection weakened: images of ${target} with findings of severity
                      ${show(from)} are promoted, the limit is now ${show(to)}`,
              )
            : undefined,
    ];
}

/** Finds an image that a scan does not stop. */
function exception(change: Change, target: string): Finding | undefined {
    const { reason, expires, digest: image } = objectOf(change.after["severityException"]);
    return isChanged(change, "severityException") && image !== undefined
        ? dangerous(
              change,
              phrase`image ${digest(image)} of ${target} is promoted despite its scan until
                  ${show(expires)}: ${show(reason)}`,
          )
        : undefined;
}

function objectOf(value: Value | undefined): Inputs {
    return isObject(value) ? value : {};
}

/** Finds a change of who has to have built an image. */
function provenance(change: Change, target: string): Finding | undefined {
    if (transitionOf(change, "provenance", "none") === undefined) return undefined;
    if (change.before["provenance"] === undefined)
        return careful(change, phrase`images of ${target} have to be attested by their workflow`);
    return dangerous(
        change,
        change.after["provenance"] === undefined
            ? phrase`protection removed: images of ${target} may be built anywhere`
            : phrase`images of ${target} may be built by another workflow, or for other refs`,
    );
}

/** Finds another root of the trust in signatures and attestations. */
function trustedRoot(change: Change, target: string): Finding | undefined {
    const { signature, provenance } = change.before;
    const isProven = signature !== undefined || provenance !== undefined;
    return isProven && transitionOf(change, "trustedRoot", "none") !== undefined
        ? dangerous(
              change,
              phrase`what proves signatures and attestations of images of ${target} is another
                  trusted root`,
          )
        : undefined;
}

/** Finds a change of who has to have signed an image. */
function signature(change: Change, target: string): Finding | undefined {
    if (transitionOf(change, "signature", "none") === undefined) return undefined;
    if (change.before["signature"] === undefined)
        return careful(change, phrase`images of ${target} have to be signed`);
    return dangerous(
        change,
        change.after["signature"] === undefined
            ? phrase`protection removed: images of ${target} need no signature`
            : phrase`images of ${target} have to be signed by somebody else`,
    );
}

/** Finds a shorter time that an image has to run before its promotion, or none. */
function running(change: Change, target: string): Finding | undefined {
    if (change.before["requireRunning"] !== true) return undefined;
    if (change.after["requireRunning"] !== true)
        return dangerous(
            change,
            phrase`protection removed: images of ${target} are promoted without having run before`,
        );
    const [from, to] = [change.before["soak"], change.after["soak"]];
    const seconds = (soak: Value | undefined) => secondsOf(show(soak)) ?? 0;
    return seconds(to) < seconds(from)
        ? dangerous(
              change,
              phrase`protection weakened: images of ${target} have to run before for
                  ${show(to)}, not ${show(from)}`,
          )
        : undefined;
}

/** Whether the stack builds an image with different content. */
function isBuiltAgain({ changes }: Preview): boolean {
    return changes.some(
        (change) =>
            change.type === "docker:index/registryImage:RegistryImage" &&
            !isNew(change) &&
            isChanged(change, "triggers"),
    );
}

function digest(value: Value | undefined): string {
    return shortDigest(show(value));
}
