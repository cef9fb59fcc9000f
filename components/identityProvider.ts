import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { LocalService } from "./localService.ts";
import { ServiceImage } from "./serviceImage.ts";

export interface IdentityProviderArgs {
    /** The `aud` of the tokens that it gives. */
    readonly audience: string;
    /** The Docker network that its clients are on, by name: they reach it as http://identity:9000 there. Nothing is published. */
    readonly network: pulumi.Input<string>;
    /** How long it may take to work, in seconds. Default: 180. */
    readonly healthTimeout?: number | undefined;
    /** The configuration key of `healthTimeout`, for the error's message. */
    readonly healthTimeoutSetting?: string | undefined;
}

/**
 * An OAuth 2.0 authorization server for trying the service out on this machine (identity/, on Authlib): client credentials grant, access
 * tokens after RFC 9068, keys at .well-known/jwks.json. Its client secret is made here; its signing key lives as long as the container.
 */
export class IdentityProvider extends pulumi.ComponentResource {
    /** The tokens' `iss`, an address on the Docker network. */
    readonly issuer = "http://identity:9000";
    /** The tokens' `aud`. */
    readonly audience: string;
    /** Where the keys are, relative to the issuer. */
    readonly jwksUri = ".well-known/jwks.json";
    /** The command that prints a fresh access token. */
    declare readonly tokenCommand: pulumi.Output<string>;

    constructor(name: string, args: IdentityProviderArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:IdentityProvider", name, {}, opts);
        this.audience = args.audience;
        const image = new ServiceImage(
            name,
            { repository: name, context: join(import.meta.dirname, "identity") },
            { parent: this },
        );
        const clientSecret = new random.RandomPassword(
            name,
            { length: 40, special: false },
            { parent: this },
        );
        const server = new LocalService(
            name,
            {
                image: image.reference,
                network: args.network,
                alias: "identity",
                port: { container: 9000 },
                healthTimeout: args.healthTimeout,
                healthTimeoutSetting: args.healthTimeoutSetting,
                env: {
                    ISSUER: this.issuer,
                    AUDIENCE: args.audience,
                    CLIENT_ID: "local",
                    CLIENT_SECRET: clientSecret.result,
                },
                memory: 128,
            },
            { parent: this },
        );
        this.tokenCommand = pulumi.interpolate`docker exec ${server.containerName} token`;
        this.registerOutputs({ tokenCommand: this.tokenCommand });
    }
}
