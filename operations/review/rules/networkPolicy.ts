import { containsNetwork } from "../../../components/kubernetes/network.ts";
import { type Change, type Preview, unknown, type Value } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import { type Inputs, lost, objectName, standing } from "./clusterObject.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isGone,
    isNew,
    listOf,
    phrase,
    type Rule,
    show,
} from "./rule.ts";

/** The rule of a NetworkPolicy: whether it allows more than before. */
export const networkPolicy: Rule = (change, preview) => {
    if (isNew(change)) return [added(change, preview)];
    if (isGone(change))
        return [
            lost(
                change,
                "NetworkPolicy",
                phrase`its pods may connect to anything, and anything to them`,
            ),
        ];
    const name = objectName(change);
    const widened = directions.flatMap((direction) => wider(change, direction));
    return [
        isChanged(change, "spec.podSelector")
            ? dangerous(change, phrase`NetworkPolicy ${name} is for other pods than before`)
            : undefined,
        ...widened,
        widened.length === 0 && isChanged(change, "spec")
            ? careful(
                  change,
                  phrase`NetworkPolicy ${name} allows less than before, or other things`,
              )
            : undefined,
    ];
};

/** Pods may do what any policy for them allows, so a further one allows more. */
function added(change: Change, preview: Preview): Finding | undefined {
    if (standing(change.type, change, preview).length === 0) return undefined;
    const allowed = directions.flatMap(({ what, ...direction }) =>
        (grantsOf(change.after, direction) ?? []).map((grant) => `${what} ${textOf(grant)}`),
    );
    return allowed.length === 0
        ? undefined
        : dangerous(
              change,
              phrase`NetworkPolicy ${objectName(change)} is new beside others, and allows more:
                  ${[...new Set(allowed)].join(", ")}`,
          );
}

const directions = [
    { type: "Ingress", rules: "ingress", peers: "from", what: "connections from" },
    { type: "Egress", rules: "egress", peers: "to", what: "connections to" },
] as const;
type Direction = (typeof directions)[number];

/** What a policy allows: a peer, or all of them, at a port, or all of them. */
interface Grant {
    readonly peer: Value | undefined;
    readonly port: Value | undefined;
}

function wider(change: Change, direction: Direction): Finding[] {
    const name = objectName(change);
    const [before, after] = [change.before, change.after].map((inputs) =>
        grantsOf(inputs, direction),
    );
    if (before === undefined) return [];
    if (after === undefined)
        return [
            dangerous(
                change,
                phrase`NetworkPolicy ${name} no longer limits ${[direction.what]} anything`,
            ),
        ];
    const added = after.filter((grant) => !before.some((former) => covers(former, grant)));
    return added.length === 0
        ? []
        : [
              dangerous(
                  change,
                  phrase`NetworkPolicy ${name} is widened: ${[direction.what]}
                      ${[...new Set(added.map(textOf))].join(", ")}`,
              ),
          ];
}

/** Returns what is allowed in a direction; undefined where everything is. */
function grantsOf(
    inputs: Inputs,
    { type, rules, peers }: Omit<Direction, "what">,
): Grant[] | undefined {
    const spec = valueAt(inputs, "spec");
    if (!isObject(spec)) return undefined;
    const types = spec["policyTypes"] ?? [
        "Ingress",
        ...(spec["egress"] === undefined ? [] : ["Egress"]),
    ];
    if (!listOf(types).includes(type)) return undefined;
    return listOf(spec[rules]).flatMap((rule) => {
        if (!isObject(rule)) return [{ peer: unknown, port: unknown }];
        return anyOf(rule[peers]).flatMap((peer) =>
            anyOf(rule["ports"]).map((port) => ({ peer, port })),
        );
    });
}

/** A rule without peers or ports is for all of them. */
function anyOf(list: Value | undefined): (Value | undefined)[] {
    const items = listOf(list);
    return items.length === 0 ? [undefined] : items;
}

function covers(former: Grant, { peer, port }: Grant): boolean {
    return (
        (former.peer === undefined || coversPeer(former.peer, peer)) &&
        (former.port === undefined || isEqual(former.port, port))
    );
}

/** Whether a peer is the former one, or a part of its network. */
function coversPeer(former: Value, peer: Value | undefined): boolean {
    if (isEqual(former, peer)) return true;
    const [outer, inner] = [former, peer].map((one) =>
        isObject(one) ? one["ipBlock"] : undefined,
    );
    return (
        isObject(outer) &&
        isObject(inner) &&
        listOf(outer["except"]).every((one) => listOf(inner["except"]).includes(one)) &&
        containsNetwork(show(outer["cidr"]), show(inner["cidr"]))
    );
}

function isEqual(one: Value | undefined, other: Value | undefined): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

function textOf({ peer, port }: Grant): string {
    const where = peer === undefined ? "everywhere" : show(partOf(peer, "ipBlock", "cidr"));
    return `${where} (${port === undefined ? "all ports" : `port ${show(partOf(port, "port"))}`})`;
}

/** Returns what matters most of an object; all of it where it has no such part. */
function partOf(object: Value, ...path: readonly string[]): Value {
    return valueAt({ object }, ["object", ...path].join(".")) ?? object;
}
