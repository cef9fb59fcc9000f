/** Names and labels of Kubernetes objects. */
import { createHash } from "node:crypto";

/** The longest DNS label (RFC 1123), and the longest value of a label. */
const longest = 63;
const hashLength = 8;

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
    const isLabel = /^[a-z][a-z0-9-]*[a-z0-9]$/.test(joined) && joined.length <= longest;
    // The last hyphen has to divide the two, and the stack must not look like a hash.
    if (isLabel && !stack.includes("-") && !/^[0-9a-f]{8}$/.test(stack)) return joined;
    const hash = createHash("sha256")
        .update(JSON.stringify([name, stack]))
        .digest("hex");
    const readable = joined
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, longest - hashLength - 1)
        .replace(/-+$/, "");
    return `${readable === "" ? "service" : readable}-${hash.slice(0, hashLength)}`;
}

/** The label that every declared object has. An object with another value is somebody else's. */
export const ownerLabel = "mlops/owner";

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
        [ownerLabel]: objectName(project, stack),
    };
}
