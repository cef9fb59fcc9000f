/** Names and labels of Kubernetes objects. */
import { createHash } from "node:crypto";

/** The longest DNS label (RFC 1123), and the longest value of a label. */
export const longestLabel = 63;
const hashLength = 8;

/** The longest namespace of a Route whose host a router picks: one letter of the name is left. */
export const longestRouted = longestLabel - "-".length - "n-".length - hashLength;

/**
 * Returns the name of what a stack declares: `NAME-STACK` where Kubernetes accepts it and no other
 * name and stack give the same. Otherwise it is made of the characters that are allowed and ends
 * with a hash, so that `my_service` and `my-service` stay different.
 *
 * @returns a DNS label (RFC 1035): lower-case letters, digits and hyphens, a letter first, at most
 * 63 characters. It is a valid value of a label, too.
 */
export function objectName(name: string, stack: string): string {
    const joined = `${name}-${stack}`;
    const isLabel = /^[a-z][a-z0-9-]*[a-z0-9]$/.test(joined) && joined.length <= longestLabel;
    // The last hyphen has to divide the two, and the stack must not look like a hash.
    if (isLabel && !stack.includes("-") && !/^[0-9a-f]{8}$/.test(stack)) return joined;
    return hashed(joined, [name, stack], longestLabel);
}

/**
 * Returns the name of a Route whose host a router picks: it makes a label of `ROUTE-NAMESPACE`. A
 * name that is too long for that is cut, and ends with a hash.
 *
 * @param own the name of the service's other objects.
 * @param namespace of at most `longestRouted` characters: in a longer one no name is short enough.
 */
export function routeName(own: string, namespace: string): string {
    const room = longestLabel - 1 - namespace.length;
    return own.length <= room ? own : hashed(own, [own], room);
}

/** Returns as much of a text as there is room for, in the characters of a label, and a hash. */
function hashed(text: string, of: readonly string[], room: number): string {
    const hash = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, hashLength);
    const readable = text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, room - hashLength - 1)
        .replace(/-+$/, "");
    return `${readable === "" ? "service" : readable}-${hash}`;
}

/** The label that every declared object has. An object with another value is somebody else's. */
export const ownerLabel = "mlops/owner";

/** Returns the value of a stack's owner label. */
export function ownerOf(project: string, stack: string): string {
    return objectName(project, stack);
}

/** The name of a service's own container: others may be injected into its pods. */
export const ownContainer = "service";

/** The annotation of the pods that tells one release from all others. */
export const releaseAnnotation = "mlops/release";

/** The label that selects a service's objects. Its value is the name of its Deployment. */
export const nameLabel = "app.kubernetes.io/name";

/**
 * Returns the labels of every object of a service.
 *
 * @param name the name of its Deployment.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
export function labelsOf(name: string, project: string, stack: string): Record<string, string> {
    return {
        [nameLabel]: name,
        "app.kubernetes.io/managed-by": "pulumi",
        [ownerLabel]: ownerOf(project, stack),
    };
}
