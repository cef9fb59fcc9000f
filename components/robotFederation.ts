import * as pulumi from "@pulumi/pulumi";
import { readAccount } from "./github/account.ts";
import { findSubject } from "./github/lookUp.ts";
import * as quay from "../quay/sdk/index.ts";
import { failOnRejection } from "./messages/failProgram.ts";

export interface RobotFederationArgs {
    /** The robot's user name, NAMESPACE+NAME. */
    readonly robot: pulumi.Input<string>;
    /**
     * The GitHub repository's name, without its owner. The owner is the GitHub provider's
     * (`github:owner`, GITHUB_OWNER).
     */
    readonly repository: pulumi.Input<string>;
    /** The GitHub environment that the jobs name. */
    readonly environment: pulumi.Input<string>;
    /**
     * The issuer (URL) of the jobs' identity tokens. Default: the issuer of the provider's GitHub,
     * `https://token.actions.githubusercontent.com` for github.com.
     */
    readonly issuer?: pulumi.Input<string> | undefined;
}

/**
 * Lets jobs log in to Quay as a robot with their GitHub identity tokens: only jobs of one GitHub
 * repository that name one environment. No password is stored anywhere. The Quay must support robot
 * federation and be able to reach the issuer.
 *
 * @example
 * const federation = new RobotFederation("model", {
 *     robot: "acme+pusher",
 *     repository: "model",
 *     environment: "production",
 * });
 * export const subject = federation.subject;
 */
export class RobotFederation extends pulumi.ComponentResource {
    /**
     * The `sub` claim that the robot accepts: `repo:OWNER/NAME:environment:ENVIRONMENT`, where
     * OWNER and NAME may have their ids after `@`.
     */
    declare readonly subject: pulumi.Output<string>;

    constructor(name: string, args: RobotFederationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:quay:RobotFederation", name, {}, opts);
        const account = readAccount();
        const { issuer = account.issuer } = args;
        this.subject = pulumi
            .all([args.repository, args.environment])
            .apply(([repository, environment]) =>
                failOnRejection(findSubject(account, repository, environment, this)),
            );
        new quay.RobotFederation(
            name,
            {
                robot: args.robot,
                claims: pulumi
                    .all([issuer, this.subject])
                    .apply(([issuer, subject]) => [{ issuer, subject }]),
            },
            { parent: this },
        );
        this.registerOutputs({ subject: this.subject });
    }
}
