import { protectionRulesType } from "../../components/github/protectionRules.ts";
import { access } from "./rules/access.ts";
import { docker } from "./rules/docker.ts";
import { github } from "./rules/github.ts";
import { kubernetes } from "./rules/kubernetes.ts";
import { quay } from "./rules/quay.ts";
import { type Change, ofOutputs, type Preview, unknown } from "./preview.ts";
import {
    careful,
    dangerous,
    type Finding,
    isGone,
    type Phrase,
    phrase,
    propertyOf,
    type Rule,
    type Risk,
    shortType,
} from "./rules/rule.ts";

/** The review's rules by resource type. */
const rules: Readonly<Record<string, Rule>> = {
    ...quay,
    ...github,
    ...docker,
    ...kubernetes,
    ...access,
};

/**
 * Types without a rule: creating or updating one neither loses data nor lets anyone in. Deleting or
 * replacing one gets the default finding.
 */
const harmless: ReadonlySet<string> = new Set([
    "docker:index/network:Network",
    // The branch of a pull request, which changes nothing before it is merged.
    "github:index/branch:Branch",
    // Has Prometheus read the service's metrics.
    "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
    "random:index/randomString:RandomString",
    // The client secret of the local identity provider.
    "random:index/randomPassword:RandomPassword",
]);

/**
 * Types of which not even the deletion or replacement is reported: a number alone. The rule of what
 * has it, such as the pods that start again with it, says what follows.
 */
const unimportant: ReadonlySet<string> = new Set(["random:index/randomId:RandomId"]);

/** Whether the review knows the type: it has a rule or is harmless. */
export function hasRule(type: string): boolean {
    return Object.hasOwn(rules, type) || harmless.has(type) || unimportant.has(type);
}

/** Returns a preview's findings, the worst first. Changes without a finding are routine. */
export function findingsOf(preview: Preview): Finding[] {
    const places = placesIn(preview);
    const findings = preview.changes
        .flatMap((change) => findingsOfChange(change, preview))
        .map((finding) => ({ ...finding, text: sayWhenKnown(finding, preview) }))
        .map((finding) => ({ ...finding, text: sayWhere(finding, places) }));
    return [
        ...findings.filter(({ risk }) => risk === "dangerous"),
        ...findings.filter(({ risk }) => risk === "careful"),
    ];
}

/** Replaces unknown values by when they will be known. */
function sayWhenKnown({ change, text }: Finding, preview: Preview): Phrase {
    const when = `[${whenKnown(change, preview)}]`;
    return text.map((part) =>
        typeof part === "string" ? part : { value: part.value.replaceAll(unknown, when) },
    );
}

/** Begins with the repository on GitHub, where the stack has several. */
function sayWhere({ change, text }: Finding, places: ReadonlySet<string>): Phrase {
    const place = placeOf(change.type, { ...change.before, ...change.after });
    const isNamed = text.some((part) => typeof part !== "string" && part.value === place);
    return place === undefined || places.size < 2 || isNamed ? text : phrase`${place}: ${text}`;
}

/** The repositories on GitHub that a stack has, or had. */
function placesIn({ changes, unchanged }: Preview): ReadonlySet<string> {
    const places = [
        ...changes.flatMap(({ type, before, after }) => [
            placeOf(type, before),
            placeOf(type, after),
        ]),
        ...unchanged.map(({ type, inputs }) => placeOf(type, inputs)),
    ];
    return new Set(places.filter((place) => place !== undefined));
}

/** The repository on GitHub that a resource is part of; undefined where it is of none. */
function placeOf(type: string, { repository }: Change["before"]): string | undefined {
    const isOnGitHub = type.startsWith("github:") || type === protectionRulesType;
    return isOnGitHub && typeof repository === "string" ? repository : undefined;
}

/** The highest risk of a preview's findings. */
export function riskOf(findings: readonly Finding[]): Risk {
    return findings[0]?.risk ?? "routine";
}

function findingsOfChange(change: Change, preview: Preview): Finding[] {
    if (ofOutputs(change)) return [];
    const protection = unprotected(change);
    if (isGone(change) && change.retained) {
        const left = careful(
            change,
            phrase`${shortType(change.type)} ${change.id} leaves the program and stays where it is`,
        );
        const successor = change.operation === "replace" ? successorOf(change, preview) : [];
        return [...protection, left, ...successor];
    }
    const particular = byRule(change, preview);
    return [...protection, ...(particular.length > 0 ? particular : defaultFindings(change))];
}

function byRule(change: Change, preview: Preview): Finding[] {
    return (rules[change.type]?.(change, preview) ?? []).filter((finding) => finding !== undefined);
}

/** Findings about the successor of a replaced but retained resource: nothing is deleted. */
function successorOf(change: Change, preview: Preview): Finding[] {
    return byRule({ ...change, operation: "update" }, preview).map((finding) => ({
        ...finding,
        change,
    }));
}

function unprotected(change: Change): Finding[] {
    const protect = propertyOf(change, "(protect)");
    return protect?.before === true
        ? [
              dangerous(
                  change,
                  phrase`protection removed: nothing stops a program from deleting
                      ${shortType(change.type)} ${change.id}`,
              ),
          ]
        : [];
}

/** Default findings for resource types without a rule, and for changes that no rule reports. */
function defaultFindings(change: Change): Finding[] {
    if (unimportant.has(change.type)) return [];
    if (change.operation === "replace") {
        const because = change.properties
            .filter(({ replaces }) => replaces)
            .map(({ path }) => path);
        const reason = because.length === 0 ? [] : phrase` because of ${because.join(", ")}`;
        return [
            careful(change, phrase`${shortType(change.type)} ${change.name} is replaced${reason}`),
        ];
    }
    if (["create", "update"].includes(change.operation)) {
        return hasRule(change.type)
            ? []
            : [
                  careful(
                      change,
                      phrase`${shortType(change.type)} ${change.name}: ${change.operation}; the
                          review has no rule for this type, read the full diff`,
                  ),
              ];
    }
    if (change.operation === "delete")
        return [careful(change, phrase`${shortType(change.type)} ${change.name} is deleted`)];
    return [careful(change, phrase`${shortType(change.type)} ${change.name}: ${change.operation}`)];
}

/** The properties, by resource type, that become known together with the image's digest. */
const imageProperties: Readonly<Record<string, readonly string[]>> = {
    "quay:index:PromotedImage": ["digest", "tags", "image", "size"],
    "quay:index:FloatingTag": ["digest"],
    "github:index/repositoryFile:RepositoryFile": ["content", "branch"],
    "github:index/branch:Branch": ["branch"],
    "docker:index/container:Container": ["image"],
    "kubernetes:apps/v1:Deployment": [
        "spec.template.spec.containers[0].image",
        "metadata.annotations.mlops/digest",
    ],
    "pulumi:pulumi:Stack": ["digest", "image", "imageId", "pullCommand", "runCommand"],
};

/**
 * Says when an unknown property will be known: `known after dev's deployment`.
 *
 * @param path the property's path. Default: the property that the change's rule is about.
 */
export function whenKnown(change: Change, preview: Preview, path?: string): string {
    const properties = imageProperties[change.type] ?? [];
    const fromImage = path === undefined ? properties.length > 0 : properties.includes(path);
    if (!fromImage || !awaitsImage(preview)) return "known during the deployment";
    if (preview.publisher !== undefined) return `known after ${preview.publisher}'s deployment`;
    return isBuilt(preview) ? "known after the build" : "known once it is published";
}

/**
 * Lists what is known to change in a text that is unknown yet: a workflow's `digest`, `version`.
 */
export function listAwaited(preview: Preview): string[] {
    const image = imageOf(preview);
    if (image === undefined) return [];
    const isOther = (key: string) =>
        JSON.stringify(image.before[key]) !== JSON.stringify(image.after[key]);
    return [
        ...(image.after["digest"] === unknown ? ["digest"] : []),
        ...(isOther("version") || isOther("tags") ? ["version"] : []),
    ];
}

function awaitsImage(preview: Preview): boolean {
    return imageOf(preview)?.after["digest"] === unknown || isBuilt(preview);
}

function imageOf({ changes }: Preview): Change | undefined {
    return changes.find(({ type }) => type === "quay:index:PromotedImage");
}

function isBuilt({ changes }: Preview): boolean {
    return changes.some(
        ({ type, operation }) =>
            isImage(type) && ["create", "update", "replace"].includes(operation),
    );
}

function isImage(type: string): boolean {
    return (
        type === "docker:index/registryImage:RegistryImage" ||
        type === "docker:index/remoteImage:RemoteImage"
    );
}
