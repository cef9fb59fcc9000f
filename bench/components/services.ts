/**
 * The services of terraform/services with this project's components. They do the same work, so they
 * only push to Quay.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { RegistrySecrets } from "../../components/registrySecrets.ts";
import { ServiceImage } from "../../components/serviceImage.ts";
import { deliver } from "./deliver.ts";
import { serviceName } from "../names.ts";

const config = new pulumi.Config();
const registry = config.require("registry");
const namespace = config.require("namespace");
const authConfig = {
    address: `http://${registry}`,
    username: "$oauthtoken",
    password: pulumi.secret(process.env["QUAY_TOKEN"] ?? ""),
};

const digests: Record<string, pulumi.Output<string>> = {};
const first = config.getNumber("first") ?? 1;
for (let i = first; i < first + config.requireNumber("services"); i++) {
    const service = serviceName(i);
    const repository = `${registry}/${namespace}/${service}`;
    const { imageName: name, reference: id } = new ServiceImage(service, {
        repository,
        context: `${config.require("contexts")}/${service}`,
    });
    const pushed = new docker.RegistryImage(service, {
        name,
        triggers: { id },
        keepRemotely: true,
        authConfig,
    });
    const { result } = new random.RandomPassword(service, { length: 32, special: false });
    const secrets = { QUAY_USER: `${namespace}+${service.replace("-", "_")}`, QUAY_PWD: result };
    deliver(
        service,
        repository,
        new RegistrySecrets(service, {
            repository: service,
            environment: { name: "prod" },
            secrets,
        }),
    );
    digests[service] = pushed.sha256Digest;
}
export { digests };
