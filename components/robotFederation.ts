import * as pulumi from "@pulumi/pulumi";
import { readAccount } from "./github/account.ts";
import { findSubject } from "./github/lookUp.ts";
import * as quay from "../quay/sdk/index.ts";
import { orFail } from "./failOn.ts";

export interface RobotFederationArgs {
    /** The robot, NAMESPACE+NAME. */
    readonly robot: pulumi.Input<string>;
    /** The GitHub repository's name, without its owner: that is the GitHub provider's (`github:owner`). */
    readonly repository: string;
    /** The GitHub environment that the job names. */
    readonly environment: string;
    /** Who issues the jobs' identity tokens. Default: the provider's GitHub, `https://token.actions.githubusercontent.com` for github.com. */
    readonly issuer?: string | undefined;
}

/**
 * Lets the jobs of one GitHub repository that name one environment log in to Quay as a robot with their identity tokens, and nobody else:
 * no password is stored anywhere. The Quay has to have robot federation, and reach the issuer.
 */
export class RobotFederation extends pulumi.ComponentResource {
    /** The `sub` that the robot accepts, exactly: `repo:OWNER/NAME:environment:ENVIRONMENT`, or with ids after `@`. */
    declare readonly subject: pulumi.Output<string>;

    constructor(name: string, args: RobotFederationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:RobotFederation", name, {}, opts);
        const account = readAccount();
        const { issuer = account.issuer } = args;
        this.subject = orFail(findSubject(account, args.repository, args.environment, this));
        new quay.RobotFederation(
            name,
            { robot: args.robot, claims: this.subject.apply((subject) => [{ issuer, subject }]) },
            { parent: this },
        );
        this.registerOutputs({ subject: this.subject });
    }
}
