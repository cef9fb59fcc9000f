import type { Row } from "../row.ts";

/** How an environment is, in two words, and how that is drawn. */
export interface Status {
    readonly kind: "good" | "busy" | "bad" | "unknown" | "none";
    readonly text: string;
}

/** Judges an environment by what is known of it, the worst first. */
export function statusOf({ version, services, drift, unread = [] }: Row): Status {
    if (version === undefined) {
        return unread.length > 0
            ? { kind: "unknown", text: "Not known" }
            : { kind: "none", text: "Not deployed" };
    }
    if (services?.some(({ problem }) => problem !== undefined))
        return { kind: "bad", text: "Not healthy" };
    if (services?.some(({ isCurrent }) => !isCurrent)) return { kind: "bad", text: "Other image" };
    if (drift && drift.length > 0) return { kind: "bad", text: "Drifted" };
    if (services?.some(({ since }) => since === undefined))
        return { kind: "busy", text: "Rolling out" };
    if (services === null) return { kind: "unknown", text: "Cluster not known" };
    return { kind: "good", text: services === undefined ? "Deployed" : "Healthy" };
}
