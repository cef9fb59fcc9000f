/** A promotion as a plain Pulumi program can do it: pull, tag, push. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { serviceName } from "../names.ts";

const config = new pulumi.Config();
const registry = config.require("registry");
const namespace = config.require("namespace");
const registryAuth = [
    {
        address: `http://${registry}`,
        username: "$oauthtoken",
        password: process.env["QUAY_TOKEN"] ?? "",
    },
];
const provider = new docker.Provider("docker", { registryAuth });

for (let i = 1; i <= config.requireNumber("services"); i++) {
    const service = serviceName(i);
    const repository = `${registry}/${namespace}/${service}`;
    const source = new docker.RemoteImage(service, { name: `${repository}:1.0.0` }, { provider });
    const target = new docker.Tag(
        service,
        {
            sourceImage: source.imageId,
            targetImage: `${repository}-${config.require("next")}:1.0.0`,
        },
        { provider },
    );
    new docker.RegistryImage(
        service,
        { name: target.targetImage, keepRemotely: true },
        { provider },
    );
}
