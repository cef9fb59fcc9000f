/** Waits until what exposes a service is admitted: a router or a Gateway may refuse its host. */
import { z } from "zod";
import { foreign } from "../../quay/api/text.ts";
import {
    type Kubectl,
    kubectlCommand,
    KubectlError,
    kubectlIn,
    type Place,
    read,
} from "./kubectl.ts";
import { type Clock, systemClock } from "./clock.ts";

/** What exposes a service. */
export interface Entrance extends Place {
    readonly kind: "route" | "ingress" | "gateway";
    /** The object's name, as `kubectl` takes it: `route.route.openshift.io/NAME`. */
    readonly object: string;
}

/** An admitted host. */
interface Admitted {
    readonly host: string;
    /** What may keep it from leading to the service. Default: nothing. */
    readonly warning?: string;
}

/** The admitted host; or why there is none, in plain words. */
export type Admission = Admitted | { readonly problem: string };

/** How long a router may take, in milliseconds. */
const timeout = 60_000;
/** How long a refusal has to last, in milliseconds: the object that had the host may just go. */
const patience = 5_000;
const interval = 500;

const condition = z.object({
    type: z.string(),
    status: z.string(),
    reason: z.string().default(""),
    message: z.string().default(""),
    observedGeneration: z.number().optional(),
});
const conditions = z.array(condition).default([]);
const routeForm = z.object({
    status: z
        .object({
            ingress: z.array(z.object({ host: z.string().default(""), conditions })).default([]),
        })
        .prefault({}),
});
const httpRouteForm = z.object({
    metadata: z.object({ generation: z.number() }),
    spec: z.object({ hostnames: z.array(z.string()).min(1) }),
    status: z.object({ parents: z.array(z.object({ conditions })).default([]) }).prefault({}),
});
const ingressForm = z.object({
    spec: z.object({ rules: z.array(z.object({ host: z.string() })).min(1) }),
    status: z
        .object({
            loadBalancer: z.object({ ingress: z.array(z.unknown()).default([]) }).prefault({}),
        })
        .prefault({}),
});

/** What was said of an object so far: nothing, that it is admitted, or that it is refused. */
type Verdict = Admitted | { readonly refusal: string } | undefined;

/**
 * Waits until an OpenShift router admits a Route, or a Gateway accepts an HTTPRoute. Of an Ingress
 * only its address is looked for, once: some clusters never report one.
 *
 * @param kubectl default: that of the entrance's place.
 * @param clock default: the system's.
 */
export async function waitForAdmission(
    entrance: Entrance,
    kubectl: Kubectl = kubectlIn(entrance),
    clock: Clock = systemClock,
): Promise<Admission> {
    const begin = clock.now();
    let refusedSince: number | undefined;
    for (;;) {
        const verdict = await ask(kubectl, entrance);
        if (verdict !== undefined && "host" in verdict) return verdict;
        refusedSince = verdict === undefined ? undefined : (refusedSince ?? clock.now());
        const isRefused = refusedSince !== undefined && clock.now() >= refusedSince + patience;
        if (isRefused || clock.now() >= begin + timeout)
            return { problem: problemOf(entrance, verdict?.refusal) };
        await clock.sleep(interval);
    }
}

/** A cluster that does not answer may do so the next time. */
async function ask(kubectl: Kubectl, { kind, object }: Entrance): Promise<Verdict> {
    try {
        switch (kind) {
            case "route":
                return ofRoute(await read(kubectl, routeForm, object));
            case "gateway":
                return ofHttpRoute(await read(kubectl, httpRouteForm, object));
            case "ingress":
                return ofIngress(object, await read(kubectl, ingressForm, object));
        }
    } catch (error) {
        if (!(error instanceof KubectlError)) throw error;
        return { refusal: `The cluster cannot be asked: ${error.message}` };
    }
}

/** Several routers may serve a cluster: one that admits the Route is enough. */
function ofRoute({ status }: z.output<typeof routeForm>): Verdict {
    const said = status.ingress.flatMap(({ host, conditions }) =>
        conditions
            .filter(({ type }) => type === "Admitted")
            .map((condition) => ({ host, condition })),
    );
    const admitted = said.find(({ condition }) => condition.status === "True");
    if (admitted !== undefined) return { host: admitted.host };
    const refused = said.find(({ condition }) => condition.status === "False");
    if (refused === undefined) return undefined;
    const { reason, message } = refused.condition;
    if (reason !== "HostAlreadyClaimed")
        return { refusal: `The router refuses it: ${foreign(message)}` };
    return {
        refusal:
            `Another Route has the host ${refused.host}: ${foreign(message)}. ` +
            "Delete that one, or choose another host: mlops:cluster.expose.host",
    };
}

function ofHttpRoute({ metadata, spec, status }: z.output<typeof httpRouteForm>): Verdict {
    const said = status.parents
        .flatMap(({ conditions }) => conditions)
        .filter(({ type }) => type === "Accepted")
        .filter(({ observedGeneration = 0 }) => observedGeneration >= metadata.generation);
    const [host = ""] = spec.hostnames;
    if (said.some(({ status }) => status === "True")) return { host };
    const refused = said.find(({ status }) => status === "False");
    return refused && { refusal: `The Gateway refuses it: ${foreign(refused.message)}` };
}

function ofIngress(object: string, { spec, status }: z.output<typeof ingressForm>): Verdict {
    const host = spec.rules[0]?.host ?? "";
    if (status.loadBalancer.ingress.length > 0) return { host };
    return {
        host,
        warning:
            `No controller has reported an address of ${object} yet. If ${host} does not ` +
            "answer: is its class right (mlops:cluster.expose.className)?",
    };
}

function problemOf(entrance: Entrance, refusal: string | undefined): string {
    const { kind, object, namespace } = entrance;
    const reason =
        refusal ??
        `${kind === "route" ? "No router has" : "No Gateway has"} admitted it within ` +
            `${String(timeout / 1000)} seconds.`;
    return [
        `The pods serve, but ${object} in the namespace ${namespace} does not lead to them.`,
        reason,
        `More: ${kubectlCommand(entrance)} describe ${object}`,
    ].join("\n");
}
