/** States of stacks as `pulumi stack export` prints them. */

/** Returns the state of a stack that runs the service in a container of this name. */
export function localState(container: string): object {
    const urn = (type: string, name: string): string => `urn:pulumi:local::mlops::${type}::${name}`;
    const stack = urn("pulumi:pulumi:Stack", "mlops-local");
    const service = (name: string, parent: string, running: string): object[] => {
        const component = urn("mlops:docker:LocalService", name);
        return [
            { urn: component, type: "mlops:docker:LocalService", parent },
            {
                urn: urn("docker:index/container:Container", name),
                type: "docker:index/container:Container",
                parent: component,
                outputs: { name: running },
            },
        ];
    };
    const identity = urn("mlops:docker:IdentityProvider", "digits-identity");
    return {
        version: 3,
        deployment: {
            resources: [
                { urn: stack, type: "pulumi:pulumi:Stack", outputs: {} },
                { urn: identity, type: "mlops:docker:IdentityProvider", parent: stack },
                ...service("digits-identity", identity, "digits-identity-4d5e6f"),
                ...service("digits", stack, container),
            ],
        },
    };
}
