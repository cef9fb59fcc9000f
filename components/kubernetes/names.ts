/** Names and labels of Kubernetes objects. */
import { createHash } from "node:crypto";

/**
 * The longest name of an object whose name becomes a DNS label (RFC 1123), and of a label's value.
 */
const longest = 63;

/**
 * Returns a name that Kubernetes accepts: lower-case letters, digits and hyphens, at most 63
 * characters, with a letter first. A name that has to be changed gets a suffix from its hash, so
 * that two names never become one: `my_service` and `my-service` stay different.
 */
export function objectName(name: string): string {
    if (/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= longest) return name;
    const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
    const readable = name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, longest - hash.length - 1)
        .replace(/-+$/, "");
    return `${readable === "" ? "service" : readable}-${hash}`;
}

/** Who declared an object: a project and its stack. */
export interface Owner {
    readonly project: string;
    readonly stack: string;
}

/** The label that every declared object has. An object without it belongs to somebody else. */
export const ownerLabel = "mlops/owner";

/** Returns the value of the owner's label. */
export function ownerOf({ project, stack }: Owner): string {
    return objectName(`${project}.${stack}`);
}

/**
 * Returns the labels of every object of a service.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
export function labelsOf(name: string, owner: Owner): Record<string, string> {
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": `${name}-${owner.stack}`.slice(0, longest),
        "app.kubernetes.io/managed-by": "pulumi",
        [ownerLabel]: ownerOf(owner),
    };
}
