import * as pulumi from "@pulumi/pulumi";
import { declareRobots, type RotatedRobotArgs } from "./quay/rotatedRobot.ts";

/** A robot that pulls from one repository. `rotation` and `retire` are plain values, not inputs. */
export type PullRobotArgs = Omit<RotatedRobotArgs, "description" | "role">;

/**
 * A robot account on Quay that has read access to one repository and no more: what a cluster pulls
 * a private image with. Rotates as the robot of a QuayRepository does: raise `rotation` by one for
 * new credentials; the previous robot is kept, because a node may just be pulling with it.
 *
 * @example
 * const repository = new QuayRepository("model", {
 *     namespace: "acme",
 *     repository: "model",
 *     robot: "pusher",
 * });
 * const puller = new PullRobot("model", {
 *     namespace: "acme",
 *     repository: repository.fullName,
 *     robot: "puller",
 * });
 * export const username = puller.username;
 */
export class PullRobot extends pulumi.ComponentResource {
    /** The user name of the current robot: NAMESPACE+NAME. */
    declare readonly username: pulumi.Output<string>;
    /** The token of the current robot. A secret. */
    declare readonly token: pulumi.Output<string>;

    constructor(name: string, args: PullRobotArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:PullRobot", name, {}, opts);
        const { username, token } = declareRobots(
            name,
            {
                ...args,
                description: pulumi.interpolate`Pulls from ${args.repository}`,
                role: "read",
            },
            this,
        );
        this.username = username;
        this.token = token;
        this.registerOutputs({ username, token });
    }
}
