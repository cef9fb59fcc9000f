/** Which Routes OpenShift's router admits. */
import { z } from "zod";

/** What the router says of a Route, as far as a program reads it. */
const ingress = z.object({
    host: z.string(),
    conditions: z.array(
        z.object({
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
        }),
    ),
});

/** A Route, as far as the router reads it. */
export const route = z.object({
    metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string(),
        creationTimestamp: z.string(),
    }),
    spec: z.object({
        host: z.string().default(""),
        to: z.object({ name: z.string() }),
        port: z.object({ targetPort: z.union([z.string(), z.number()]) }).optional(),
    }),
    status: z.object({ ingress: z.array(ingress).default([]) }).prefault({}),
});
export type Route = z.output<typeof route>;

/** What the router says of a Route. The message is there where it refuses it. */
export type Verdict = { readonly route: Route; readonly message?: string };

/**
 * Decides for each Route: of those with one host, the oldest has it. A router that looks at paths,
 * too, would admit more.
 */
export function judge(routes: readonly Route[]): Verdict[] {
    return routes.map((one) => {
        const [oldest = one] = routes
            .filter(({ spec }) => spec.host === one.spec.host)
            .sort((some, other) => (ageOf(some) < ageOf(other) ? -1 : 1));
        if (oldest === one) return { route: one };
        const { host } = one.spec;
        const message =
            oldest.metadata.namespace === one.metadata.namespace
                ? `route ${oldest.metadata.name} already exposes ${host} and is older`
                : `a route in another namespace holds ${host} and is older than ` +
                  one.metadata.name;
        return { route: one, message };
    });
}

/** A text that sorts by age. The API server counts seconds alone. */
function ageOf({ metadata }: Route): string {
    return `${metadata.creationTimestamp} ${metadata.uid}`;
}

/** Returns what a Route's status becomes; undefined where it says that already. */
export function changedStatus({ route: { spec, status }, message }: Verdict): object | undefined {
    const verdict =
        message === undefined
            ? { status: "True" }
            : { status: "False", reason: "HostAlreadyClaimed", message };
    const [former] = status.ingress;
    const [condition] = former?.conditions ?? [];
    if (
        former?.host === spec.host &&
        condition?.status === verdict.status &&
        condition.message === verdict.message
    )
        return undefined;
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, "");
    const conditions = [{ type: "Admitted", lastTransitionTime, ...verdict }];
    return { ingress: [{ host: spec.host, routerName: "default", conditions }] };
}
