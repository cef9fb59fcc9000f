/** The robot that a stack's cluster pulls the image with. */

/** The sections of a stack's configuration that decide on the robot. */
export interface PullSettings {
    readonly quay: {
        readonly robot?: string | undefined;
        readonly visibility?: string | undefined;
    };
    readonly cluster?: { readonly pull: { readonly robot?: string | undefined } } | undefined;
}

/**
 * Returns the robot's name in its namespace. Undefined without a cluster, and for a public
 * repository, which anybody may pull from.
 */
export function pullRobotOf({ quay, cluster }: PullSettings): string | undefined {
    if (cluster === undefined || quay.visibility === "public") return undefined;
    return cluster.pull.robot ?? (quay.robot === undefined ? undefined : `${quay.robot}_pull`);
}
