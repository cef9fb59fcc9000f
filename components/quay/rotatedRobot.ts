/** A robot account of a repository, and the one before it while both are in use. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as quay from "../../quay/sdk/index.ts";

/** A robot and its rotation. `rotation` and `retire` decide which resources there are. */
export interface RotatedRobotArgs {
    /** The user or organization that the robot belongs to. */
    readonly namespace: pulumi.Input<string>;
    /** The name within the namespace. A rotation appends `_` and a random suffix. */
    readonly robot: pulumi.Input<string>;
    /** What the robot is for, shown on Quay. */
    readonly description: pulumi.Input<string>;
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** What the robot may do there. */
    readonly role: quay.Role;
    /** How often the robot has been rotated. Default: 0. */
    readonly rotation?: number | undefined;
    /** Whether to delete the previous robot. Default: false. */
    readonly retire?: boolean | undefined;
}

/** The credentials of a robot. The token is secret, and resolves once the robot may do its work. */
export interface RobotCredentials {
    readonly username: pulumi.Output<string>;
    readonly token: pulumi.Output<string>;
}

/**
 * Declares the robot, and the previous one unless it is retired.
 *
 * @returns the credentials of the current one.
 */
export function declareRobots(
    name: string,
    args: RotatedRobotArgs,
    parent: pulumi.Resource,
): RobotCredentials {
    const { rotation = 0, retire = false } = args;
    const current = declareRobot(name, args, rotation, parent);
    if (rotation > 0 && !retire) declareRobot(name, args, rotation - 1, parent);
    return current;
}

function declareRobot(
    name: string,
    { namespace, robot: first, description, repository, role }: RotatedRobotArgs,
    rotation: number,
    parent: pulumi.Resource,
): RobotCredentials {
    const resource = rotation === 0 ? name : `${name}-${String(rotation)}`;
    const robot = new quay.Robot(
        resource,
        {
            namespace,
            name: rotation === 0 ? first : pulumi.interpolate`${first}_${suffix(resource, parent)}`,
            description,
        },
        // Quay cannot change a description. Replacing an adopted robot would change its token.
        { parent, ignoreChanges: ["description"] },
    );
    const permission = new quay.RepositoryPermission(
        resource,
        { repository, robot: robot.username, role },
        { parent },
    );
    return {
        username: robot.username,
        token: pulumi.all([robot.token, permission.id]).apply(([token]) => token),
    };
}

function suffix(resource: string, parent: pulumi.Resource): pulumi.Output<string> {
    const { result } = new random.RandomString(
        resource,
        { length: 6, special: false, upper: false },
        { parent },
    );
    return result;
}
