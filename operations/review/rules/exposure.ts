import type { Change, Preview, Value } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import { type Inputs, lost, objectName, otherChanges, reachesStanding } from "./clusterObject.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    missing,
    phrase,
    type Rule,
    show,
    textOf,
    transitionOf,
} from "./rule.ts";

/** The rule of what exposes a service: an OpenShift Route, an Ingress, a Gateway's HTTPRoute. */
export const exposure: Rule = (change, preview) => {
    const kind = kinds[change.type];
    if (kind === undefined) return [];
    const name = change.type.replace(/^.*:/, "");
    if (isGone(change)) {
        const hosts = kind.hosts(change.before).join(", ");
        return [lost(change, name, phrase`${hosts} does not answer`)];
    }
    return isNew(change) ? [published(change, kind, preview)] : changed(change, name, kind);
};

/** Says that a service can be reached; dangerous where it could not before. */
function published(change: Change, kind: Kind, preview: Preview): Finding {
    const { changes } = preview;
    const names = kind.services(change.after);
    const isOfSame = (services: readonly string[] = []): boolean =>
        services.some((name) => names.includes(name));
    const isNewService = changes.some(
        (other) =>
            other.type === "kubernetes:core/v1:Service" &&
            isNew(other) &&
            !reachesStanding(other, preview) &&
            isOfSame([textOf(other, "metadata.name")]),
    );
    const wasPublic = changes.some(
        (other) => isGone(other) && isOfSame(kinds[other.type]?.services(other.before)),
    );
    const services = names.join(", ");
    const where = phrase`at ${kind.hosts(change.after).join(", ")}`;
    if (isNewService)
        return careful(change, phrase`service ${services} is created public, ${where}`);
    return wasPublic
        ? careful(change, phrase`service ${services} stays public, ${where}`)
        : dangerous(change, phrase`service ${services} is made public, ${where}`);
}

/** What has no finding of its own. */
const rest = /^spec\.(?!parentRefs|ingressClassName|host|rules\[\d+\]\.host$|tls\[\d+\]\.hosts)/;

function changed(change: Change, name: string, { hosts, plain }: Kind): (Finding | undefined)[] {
    const { before, after } = change;
    const subject = phrase`${[name]} ${objectName(change)}`;
    const gone = missing(hosts(before), hosts(after));
    const added = missing(hosts(after), hosts(before));
    const isPlain =
        missing(plain(after), plain(before)).length > 0 ||
        transitionOf(change, "spec.tls.insecureEdgeTerminationPolicy", "None")?.after === "Allow";
    const entrances = ["parentRefs", "ingressClassName"].filter((key) =>
        isChanged(change, `spec.${key}`),
    );
    return [
        gone.length > 0
            ? dangerous(change, phrase`${subject}: ${gone.join(", ")} does not answer any more`)
            : undefined,
        isPlain ? dangerous(change, phrase`${subject} answers without TLS`) : undefined,
        entrances.length > 0
            ? dangerous(
                  change,
                  phrase`${subject} is reached from elsewhere: ${entrances.join(", ")} changed`,
              )
            : undefined,
        added.length > 0
            ? careful(change, phrase`${subject} answers at ${added.join(", ")}`)
            : undefined,
        otherChanges(change, subject, rest),
    ];
}

/** What a kind says about itself. */
interface Kind {
    /** The hosts that answer; what stands for them where none is set. */
    readonly hosts: (inputs: Inputs) => string[];
    /** The hosts that answer without TLS. */
    readonly plain: (inputs: Inputs) => string[];
    /** The Services that get the requests. */
    readonly services: (inputs: Inputs) => string[];
}

const routeHosts = (inputs: Inputs): string[] =>
    collectOr(inputs, "spec.host", "the host that the router picks");
const anyHost = "any host";
const ingressHosts = (inputs: Inputs): string[] => collectOr(inputs, "spec.rules.host", anyHost);

const kinds: Readonly<Record<string, Kind>> = {
    "kubernetes:route.openshift.io/v1:Route": {
        hosts: routeHosts,
        plain: (inputs) => (valueAt(inputs, "spec.tls") === undefined ? routeHosts(inputs) : []),
        services: (inputs) =>
            ["to", "alternateBackends"].flatMap((key) => collect(inputs, `spec.${key}.name`)),
    },
    "kubernetes:networking.k8s.io/v1:Ingress": {
        hosts: ingressHosts,
        plain: (inputs) =>
            missing(
                ingressHosts(inputs),
                // An entry without hosts is for the Ingress without hosts.
                listOf(valueAt(inputs, "spec.tls")).flatMap((entry) =>
                    isObject(entry) ? collectOr(entry, "hosts", anyHost) : [],
                ),
            ),
        services: (inputs) =>
            ["defaultBackend", "rules.http.paths.backend"].flatMap((key) =>
                collect(inputs, `spec.${key}.service.name`),
            ),
    },
    // Its Gateway decides about TLS.
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": {
        hosts: (inputs) => collectOr(inputs, "spec.hostnames", anyHost),
        plain: () => [],
        services: (inputs) => collect(inputs, "spec.rules.backendRefs.name"),
    },
};

/** Returns all texts at a path, in which each step may be a list. */
function collect(inputs: Inputs, path: string): string[] {
    return path
        .split(".")
        .reduce<Value[]>(
            (values, key) => values.flatMap((value) => (isObject(value) ? listOf(value[key]) : [])),
            [inputs],
        )
        .map(show);
}

/** Returns all texts at a path, or, where there are none, what stands for them. */
function collectOr(inputs: Inputs, path: string, otherwise: string): string[] {
    const found = collect(inputs, path);
    return found.length === 0 ? [otherwise] : found;
}
