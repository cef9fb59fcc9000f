import * as pulumi from "@pulumi/pulumi";

/** Returns this stack as what it manages names it: PROJECT/STACK. */
export function thisStack(): string {
    return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/** Returns the first line of a workflow file of a stack, PROJECT/STACK, without its `#`. */
export function marker(manager: string): string {
    return `Managed by Pulumi: ${manager}`;
}

/** Returns whether a workflow file is a stack's, PROJECT/STACK: its first line says so. */
export function isManagedBy(content: string, manager: string): boolean {
    return content.split(/\r?\n/, 1).join() === `# ${marker(manager)}`;
}
